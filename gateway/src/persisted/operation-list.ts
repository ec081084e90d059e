import { parse, print, stripIgnoredCharacters } from 'graphql';
import { type ListedOperation, sha256 } from './manifest.ts';
import { withTypenames } from './typenames.ts';

/** The operations our own clients send, as they may be asked for. */
export interface OperationList {
  byHash(hash: string): string | undefined;
  /** The listed text that this one is, character by character or but for spaces, commas and comments. */
  textOf(query: string, operationName: string | null | undefined): string | undefined;
  /** Everything that is on it, by the name of its operation. */
  readonly texts: readonly { name: string; text: string }[];
}

/** So much longer than the listed text may one with other spaces and comments be. */
const MAX_GROWTH = 4;

export function operationList(operations: readonly ListedOperation[]): OperationList {
  const byHash = new Map<string, string>();
  const texts = new Map<string, string>();
  const byName = new Map<string, { text: string; compact: string }[]>();
  for (const { name, body } of operations) {
    for (const text of new Set([body, print(withTypenames(parse(body)))])) {
      byHash.set(sha256(text), text);
      texts.set(text, name);
      const sameName = byName.get(name) ?? [];
      sameName.push({ text, compact: stripIgnoredCharacters(text) });
      byName.set(name, sameName);
    }
  }
  return {
    texts: [...texts].map(([text, name]) => ({ name, text })),
    byHash: (hash) => byHash.get(hash),
    textOf(query, operationName) {
      if (texts.has(query)) return query;
      const candidates = byName.get(operationName ?? '') ?? [];
      if (!candidates.some(({ text }) => query.length <= text.length * MAX_GROWTH)) return undefined;
      const compact = stripped(query);
      return candidates.find((candidate) => candidate.compact === compact)?.text;
    },
  };
}

/** Reads words, not grammar: what is on the list has been parsed, what is not never is. */
function stripped(query: string): string | undefined {
  try {
    return stripIgnoredCharacters(query);
  } catch {
    return undefined;
  }
}
