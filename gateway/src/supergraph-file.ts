import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { resolve } = createRequire(import.meta.url);

/** The composed graph as it is checked in. */
export function readSupergraph(): Promise<string> {
  return readFile(resolve('@marketgraph/schema/supergraph.graphql'), 'utf8');
}

/** Where the named operations of clients are. */
export function operationsFolder(): string {
  return join(dirname(resolve('@marketgraph/schema/package.json')), 'operations');
}
