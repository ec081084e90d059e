import type { CounterFamily } from '@marketgraph/platform/telemetry';
import { LRUCache } from 'lru-cache';
import type { SearchIndex } from './search-index.ts';

export interface KeptIndexOptions {
  /** What the index holds, as one word for all processes. */
  mark: { read(): Promise<string | null>; renew(): Promise<void> };
  /** How much may be kept. 0: nothing is. */
  maxBytes: number;
  /** By `outcome`: `kept`; `asked`; `shared`, with the same question on its way; `bypass`, Redis did not say whether it may be. */
  requests?: CounterFamily;
  /** Milliseconds. */
  now?(): number;
}

/** A node of a cluster may be behind the others for so long: what one said right after a write is not kept. */
export const SETTLE_MS = 1_000;
/** What others than this service write to the index shows after this long. */
const KEPT_MS = 60_000;
/** One answer may be so much of the whole. */
const LARGEST_SHARE = 1 / 16;
/** Nobody repeats a longer list of wishes. */
const MAX_KEY_LENGTH = 4_000;

/**
 * The index, with what it answered kept until anything is written to it, by this
 * process or another one: each write renews the mark in Redis that each question
 * goes by. Equal questions on their way are one. Answers are shared by all
 * who asked, so nobody may change them.
 *
 * A write renews the mark when it is over, however it ended, and before what
 * asked for it is settled: an indexer that dies in between writes again.
 */
export function keptIndex(index: SearchIndex, { mark, maxBytes, requests, now }: KeptIndexOptions): SearchIndex {
  const afterwards = async <Value>(write: Promise<Value>): Promise<Value> => {
    try {
      return await write;
    } finally {
      await mark.renew();
    }
  };
  const written: SearchIndex = {
    ...index,
    upsert: async (version, documents) =>
      documents.length === 0 ? new Map() : afterwards(index.upsert(version, documents)),
    remove: async (version, ids) => (ids.length === 0 ? undefined : afterwards(index.remove(version, ids))),
    goLive: (version) => afterwards(index.goLive(version)),
    addOwnFields: (version, names) => afterwards(index.addOwnFields(version, names)),
    setSynonyms: (synonyms) => afterwards(index.setSynonyms(synonyms)),
  };
  if (maxBytes === 0) return written;

  const answers = keptAnswers({ maxBytes, now, requests });
  const bypass = requests?.of('bypass');
  const unlessWritten = async <Value extends object | null>(key: string, ask: () => Promise<Value>): Promise<Value> => {
    const isKept = key.length <= MAX_KEY_LENGTH;
    const current = isKept ? await mark.read() : null;
    if (current !== null) return answers.get(current, key, ask);
    bypass?.inc();
    return ask();
  };
  return {
    ...written,
    search(searches) {
      // One person's taste is nobody else's question.
      if (searches.some(({ isPersonal }) => isPersonal)) return index.search(searches);
      return unlessWritten(JSON.stringify(searches), () => index.search(searches));
    },
    liveFields: () => unlessWritten('fields', () => index.liveFields()),
  };
}

interface Answer {
  value: object | null;
  bytes: number;
}

/** Answers under the mark they were asked under, all of the same one. */
function keptAnswers({
  maxBytes,
  now = () => performance.now(),
  requests,
}: Pick<KeptIndexOptions, 'maxBytes' | 'now' | 'requests'>) {
  const cache = new LRUCache<string, Answer>({
    maxSize: maxBytes,
    maxEntrySize: Math.max(1, Math.floor(maxBytes * LARGEST_SHARE)),
    sizeCalculation: ({ bytes }, key) => bytes + key.length,
    ttl: KEPT_MS,
    ttlResolution: 0,
    perf: { now },
  });
  const underway = new Map<string, Promise<object | null>>();
  const [kept, asked, shared] = ['kept', 'asked', 'shared'].map((outcome) => requests?.of(outcome));
  let mark = '';
  let since = 0;

  return {
    async get<Value extends object | null>(current: string, key: string, ask: () => Promise<Value>): Promise<Value> {
      if (current !== mark) {
        mark = current;
        since = now();
        cache.clear();
        // Who asked these before the write may have them; who asks from now on may not.
        underway.clear();
      }
      const known = cache.get(key);
      if (known) {
        kept?.inc();
        return known.value as Value;
      }
      const same = underway.get(key);
      if (same) {
        shared?.inc();
        return (await same) as Value;
      }
      asked?.inc();
      const isSettled = now() - since >= SETTLE_MS;
      const asking = ask();
      underway.set(key, asking);
      try {
        const value = await asking;
        if (isSettled && mark === current) cache.set(key, { value, bytes: bytesOf(value) });
        return value;
      } finally {
        if (underway.get(key) === asking) underway.delete(key);
      }
    },
  };
}

const BYTES_PER_OBJECT = 48;
const BYTES_PER_NUMBER = 8;

/** About what a value of JSON, or a set of texts, takes in memory. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return BYTES_PER_NUMBER + value.length;
  if (typeof value !== 'object' || value === null) return BYTES_PER_NUMBER;
  const parts: Iterable<unknown> = value instanceof Set ? value : Object.values(value);
  let bytes = BYTES_PER_OBJECT;
  for (const part of parts) bytes += BYTES_PER_NUMBER + bytesOf(part);
  return bytes;
}
