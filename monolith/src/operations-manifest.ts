import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MANIFEST_PATH, printManifest } from '@marketgraph/gateway/manifest';
import * as generated from '@marketgraph/schema/generated/operations';

const MANIFEST = resolve(import.meta.dirname, '..', '..', 'schema', MANIFEST_PATH);

/** The list of operations as generated clients send them; printed from the very documents they are given. */
function printed(): string {
  return printManifest(Object.entries(generated).flatMap(([name, value]) => (name.endsWith('Document') ? value : [])));
}

export async function isManifestStale(): Promise<boolean> {
  return (await readFile(MANIFEST, 'utf8').catch(() => '')) !== printed();
}

export async function writeManifest(): Promise<void> {
  await writeFile(MANIFEST, printed());
}
