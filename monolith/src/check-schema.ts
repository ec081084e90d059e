import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { isManifestStale } from './operations-manifest.ts';
import { staleSchemas } from './print-schema.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const API = 'schema/api.graphql';

/**
 * What is wrong with the checked-in schema: files that are not what the
 * classes say, and changes that would break a client of the commit before.
 * A breaking change is let through by a changeset that says `breaking`.
 */
async function problems(): Promise<string[]> {
  const stale = (await staleSchemas()).map((path) => `schema/${path} is stale: run pnpm schema`);
  if (!isCodegenFresh() || (await isManifestStale())) stale.push('schema/generated is stale: run pnpm schema');
  return [...stale, ...(await breakingChanges())];
}

function isCodegenFresh(): boolean {
  try {
    execFileSync('graphql-codegen', ['--config', 'codegen.ts', '--check'], { cwd: ROOT, stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

async function breakingChanges(): Promise<string[]> {
  const before = earlierApi();
  if (!before || changesetSaysBreaking()) return [];
  const now = readFileSync(resolve(ROOT, API), 'utf8');
  const changes = await diff(buildSchema(before), buildSchema(now));
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ message }) => `breaking: ${message} (deprecate first, or add a changeset that says breaking)`);
}

/** The API of SCHEMA_BASE, else of the commit before; undefined where git has neither. */
function earlierApi(): string | undefined {
  const base = process.env['SCHEMA_BASE'] ?? 'HEAD~1';
  try {
    return execFileSync('git', ['show', `${base}:${API}`], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}

function changesetSaysBreaking(): boolean {
  try {
    return (
      execFileSync('git', ['grep', '-il', 'breaking', '--', '.changeset/*.md'], { cwd: ROOT, stdio: 'pipe' }).length > 0
    );
  } catch {
    return false;
  }
}

const found = await problems();
for (const problem of found) process.stderr.write(`${problem}\n`);
if (found.length === 0) process.stdout.write('schema: printed, composed, typed, not breaking\n');
process.exitCode = found.length === 0 ? 0 : 1;
