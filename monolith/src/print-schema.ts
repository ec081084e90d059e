import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { graphSubgraphSdl } from '@marketgraph/gateway/graph';
import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { parse, printSchema } from 'graphql';
import { registry } from './registry.ts';

const SCHEMA_FOLDER = resolve(import.meta.dirname, '..', '..', 'schema');

export interface PrintedSchemas {
  /** By their path in `schema/`. */
  files: Map<string, string>;
  /** What composition found worth saying, by code. */
  hints: string[];
}

/** Every file of `schema/` that follows from the classes. Rejects when the subgraphs do not compose. */
export async function printSchemas(): Promise<PrintedSchemas> {
  const files = new Map<string, string>();
  for (const { name, schema } of registry) files.set(`subgraphs/${name}.graphql`, (await schema()).sdl);
  files.set('subgraphs/graph.graphql', graphSubgraphSdl([...files.values()]));

  const composed = composeServices(
    [...files].map(([path, sdl]) => {
      const name = path.slice('subgraphs/'.length, -'.graphql'.length);
      return { name, typeDefs: parse(sdl), url: `http://${name}.internal/graphql` };
    }),
  );
  if (composed.errors) {
    throw new Error(`The subgraphs do not compose:\n${composed.errors.map((error) => error.message).join('\n')}`);
  }
  files.set('supergraph.graphql', `${composed.supergraphSdl}\n`);
  const api = Supergraph.build(composed.supergraphSdl, { supportedFeatures: null }).apiSchema();
  files.set('api.graphql', `${printSchema(api.toGraphQLJSSchema())}\n`);
  return { files, hints: composed.hints.map(({ definition }) => definition.code) };
}

/** Paths whose file on disk is not what the classes say. */
export async function staleSchemas(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of (await printSchemas()).files) {
    const onDisk = await readFile(resolve(SCHEMA_FOLDER, path), 'utf8').catch(() => '');
    if (onDisk !== text) stale.push(path);
  }
  return stale;
}

export async function writeSchemas(): Promise<string[]> {
  const { files } = await printSchemas();
  for (const [path, text] of files) await writeFile(resolve(SCHEMA_FOLDER, path), text);
  return [...files.keys()];
}
