import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Kind, parse } from 'graphql';

const { resolve } = createRequire(import.meta.url);

/** The composed graph of a file; by default as it is checked in. */
export function readSupergraph(file: string = resolve('@marketgraph/schema/supergraph.graphql')): Promise<string> {
  return readFile(file, 'utf8');
}

/** Where the named operations of clients are. */
export function operationsFolder(): string {
  return join(dirname(resolve('@marketgraph/schema/package.json')), 'operations');
}

/** The subgraphs a supergraph was composed of. */
export function subgraphNames(supergraphSdl: string): string[] {
  return parse(supergraphSdl, { noLocation: true }).definitions.flatMap((definition) =>
    definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph'
      ? (definition.values ?? []).flatMap(({ directives = [] }) =>
          directives.flatMap(({ arguments: args = [] }) =>
            args.flatMap(({ name, value }) => (name.value === 'name' && value.kind === Kind.STRING ? value.value : [])),
          ),
        )
      : [],
  );
}
