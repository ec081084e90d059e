import { accept, reject, type Result } from '@marketgraph/platform/core';

/** Words that mean the same. With a root only the root is also found as the others, not the other way round. */
export interface Synonym {
  root?: string | null;
  synonyms: readonly string[];
}

export const MAX_SYNONYMS = 1_000;
const MAX_WORDS = 20;
const MAX_LENGTH = 100;

/** The whole set as the index takes it, or what is wrong with it. */
export function readSynonyms(input: readonly Synonym[]): Result<{ root?: string; synonyms: string[] }[]> {
  if (input.length > MAX_SYNONYMS) {
    return reject('LIMIT_EXCEEDED', `There are at most ${MAX_SYNONYMS} synonyms.`, { field: ['input'] });
  }
  const read: { root?: string; synonyms: string[] }[] = [];
  for (const [at, { root, synonyms }] of input.entries()) {
    const field = ['input', String(at)];
    const words = [...new Set(synonyms.map(plain))];
    const least = root ? 1 : 2;
    if (words.length < least || words.length > MAX_WORDS) {
      return reject('INVALID', `A synonym has ${least} to ${MAX_WORDS} different words.`, { field });
    }
    if (
      [...words, ...(root ? [plain(root)] : [])].some((word) => word.length > MAX_LENGTH || !/[\p{L}\p{N}]/u.test(word))
    ) {
      return reject('INVALID', `A word of a synonym has letters or digits, and at most ${MAX_LENGTH} characters.`, {
        field,
      });
    }
    read.push({ ...(root ? { root: plain(root) } : {}), synonyms: words });
  }
  return accept(read);
}

function plain(word: string): string {
  return word.normalize('NFC').replaceAll(/\s+/g, ' ').trim().toLowerCase();
}
