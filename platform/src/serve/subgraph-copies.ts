import { Pool } from 'undici';

/** One process of a subgraph, as somebody who calls it sees it. */
export interface SubgraphCopy {
  readonly pool: Pool;
  /** Calls it has not answered yet. */
  open: number;
  /** Until then others are asked first: it has refused a connection. */
  shunnedUntil: number;
}

/** The processes that serve one subgraph. */
export interface SubgraphCopies {
  readonly count: number;
  /** Whom to ask next; undefined when all of them have been. */
  next(asked?: ReadonlySet<SubgraphCopy>): SubgraphCopy | undefined;
  /** Nobody listens there. Others are asked first for a while, which spares each call a refused connection. */
  shun(copy: SubgraphCopy): void;
  /** Whether anybody but this one is believed to be there. */
  hasOther(copy: SubgraphCopy): boolean;
  close(): Promise<void>;
}

/** A process that was restarted is asked again after at most so long. */
const SHUNNED_MS = 1_000;

/**
 * The one with the fewest calls open is next, equals by turns: a copy that is
 * slow or hangs gets less by itself. All of them shunned: all are asked again,
 * because refusing may be what they did a moment ago.
 */
export function subgraphCopies(
  urls: readonly string[],
  options: Pool.Options,
  now: () => number = Date.now,
): SubgraphCopies {
  const copies: SubgraphCopy[] = urls.map((url) => ({ pool: new Pool(url, options), open: 0, shunnedUntil: 0 }));
  let turn = 0;
  const next = (asked?: ReadonlySet<SubgraphCopy>): SubgraphCopy | undefined => {
    // Most subgraphs are one process.
    if (copies.length === 1) return asked?.has(copies[0]!) ? undefined : copies[0];
    const at = now();
    turn = (turn + 1) % copies.length;
    let best: SubgraphCopy | undefined;
    for (let index = 0; index < copies.length; index += 1) {
      const copy = copies[(turn + index) % copies.length]!;
      if (asked?.has(copy)) continue;
      if (!best || rankOf(copy, at) < rankOf(best, at)) best = copy;
    }
    return best;
  };
  return {
    count: copies.length,
    next,
    shun(copy) {
      copy.shunnedUntil = now() + SHUNNED_MS;
    },
    hasOther: (copy) => copies.some((other) => other !== copy && other.shunnedUntil <= now()),
    async close() {
      await Promise.all(copies.map(({ pool }) => pool.close()));
    },
  };
}

/** More than anybody can have open. */
const SHUNNED_RANK = 1_000_000_000;

function rankOf({ open, shunnedUntil }: SubgraphCopy, now: number): number {
  return open + (shunnedUntil > now ? SHUNNED_RANK : 0);
}

/** `http://one:4104,http://two:4104`: the copies of a subgraph, as its `…_URL` names them. */
export function copyUrls(setting: string): string[] {
  return setting
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '');
}
