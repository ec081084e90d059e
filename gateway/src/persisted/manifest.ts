import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type DocumentNode, getOperationAST, print } from 'graphql';
import { z } from 'zod';

/** One operation of our clients: its text as they send it, and the SHA-256 of that text. */
export interface ListedOperation {
  id: string;
  name: string;
  type: 'query' | 'mutation' | 'subscription';
  body: string;
}

const FORMAT = 'apollo-persisted-query-manifest';

const manifestShape = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  operations: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: z.enum(['query', 'mutation', 'subscription']),
      body: z.string(),
    }),
  ),
});

/** Where `pnpm schema` writes it, in the folder of the package that everybody agrees on. */
export const MANIFEST_PATH = 'generated/persisted-operations.json';

/**
 * The list as a file, in the format Apollo's tools know. A generated client
 * sends `print(document)`; that text, and nothing else, is what is hashed.
 */
export function printManifest(documents: readonly DocumentNode[]): string {
  const operations = documents
    .flatMap((document): ListedOperation[] => {
      const operation = getOperationAST(document);
      const name = operation?.name?.value;
      if (!operation || !name) return [];
      const body = print(document);
      return [{ id: sha256(body), name, type: operation.operation, body }];
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return `${JSON.stringify({ format: FORMAT, version: 1, operations }, null, 2)}\n`;
}

export function parseManifest(text: string): ListedOperation[] {
  return manifestShape.parse(JSON.parse(text)).operations;
}

/** The operations that are checked in. */
export async function readListedOperations(): Promise<ListedOperation[]> {
  const schemaFolder = dirname(createRequire(import.meta.url).resolve('@marketgraph/schema/package.json'));
  return parseManifest(await readFile(join(schemaFolder, MANIFEST_PATH), 'utf8'));
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
