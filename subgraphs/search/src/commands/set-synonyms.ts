import { accept, type Result } from '@marketgraph/platform/core';
import { readSynonyms, type Synonym } from '../domain/synonyms.ts';
import type { CommandDeps } from './deps.ts';

/** Replaces all synonyms by these; the next search knows them, in every version of the index. */
export async function setSynonyms({ index, log }: CommandDeps, input: readonly Synonym[]): Promise<Result<number>> {
  const read = readSynonyms(input);
  if (!read.ok) return read;
  await index.setSynonyms(read.value);
  log.info({ count: read.value.length }, 'synonyms replaced');
  return accept(read.value.length);
}
