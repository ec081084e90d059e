/** Who waits for a turn, by how soon it is given. */
export type Rank = 'mutation' | 'query';

export interface TurnstileLimits {
  /** At work at the same time: when nothing is known yet, of those who wait even with everything late, and ever. */
  first: number;
  least: number;
  most: number;
  /** Who has waited so long is told to come again. */
  maxWaitMs: number;
}

export interface Turnstile {
  /** True: go in. Else whether it may, as soon as that is known. Who has gone in must leave. */
  enter(rank: Rank): true | Promise<boolean>;
  leave(): void;
  /** Somebody who waits for nobody has come; the others make room. The way out. */
  pass(): () => void;
  counts(): { atWork: number; waiting: number };
  /** Nobody waits any more. */
  stop(): void;
}

interface Waiter {
  since: number;
  tell(mayEnter: boolean): void;
}

/** Of so many turns that all want, each rank has these; the highest first. */
const TURNS: Readonly<Record<Rank, number>> = { mutation: 2, query: 1 };
const RANKS = Object.keys(TURNS) as Rank[];
const LOOK_MS = 100;
/** Less work at once while late, more while not. */
const SHRINK = 0.75;
const GROW = 1.5;

/**
 * As many at work as can be without anything being late: a hundred operations
 * side by side take no less time each than one after the other, and all of
 * them are late. Who waits has cost nothing yet.
 */
export function turnstile(
  { first, least, most, maxWaitMs }: TurnstileLimits,
  isLate: () => boolean,
  now: () => number = () => performance.now(),
): Turnstile {
  const waiting: Record<Rank, Waiter[]> = { mutation: [], query: [] };
  /** What each rank has had of its turns. */
  const had: Record<Rank, number> = { mutation: 0, query: 0 };
  let limit = first;
  let atWork = 0;
  let passing = 0;
  let timer: NodeJS.Timeout | undefined;

  const count = (): number => RANKS.reduce((sum, rank) => sum + waiting[rank].length, 0);

  const nextRank = (): Rank | undefined => {
    const asking = RANKS.filter((rank) => waiting[rank].length > 0);
    if (asking.length > 0 && asking.every((rank) => had[rank] >= TURNS[rank])) {
      for (const rank of RANKS) had[rank] = 0;
    }
    return asking.find((rank) => had[rank] < TURNS[rank]);
  };

  const hasRoom = (): boolean => atWork + passing < limit || atWork < least;

  const letIn = (): void => {
    while (hasRoom()) {
      const rank = nextRank();
      if (!rank) break;
      had[rank] += 1;
      atWork += 1;
      waiting[rank].shift()!.tell(true);
    }
    if (timer && count() === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };

  const hasLeft = (): void => {
    letIn();
    // A crowd that comes after a pause finds it as the first one did.
    if (!timer && atWork + passing < least) limit = first;
  };

  const look = (): void => {
    limit = isLate()
      ? Math.max(least, Math.floor((atWork + passing) * SHRINK))
      : Math.min(Math.ceil(limit * GROW), most);
    const longAgo = now() - maxWaitMs;
    for (const rank of RANKS) {
      while (waiting[rank][0] && waiting[rank][0].since <= longAgo) waiting[rank].shift()!.tell(false);
    }
    letIn();
  };

  return {
    enter(rank) {
      if (hasRoom() && count() === 0) {
        atWork += 1;
        return true;
      }
      timer ??= setInterval(look, LOOK_MS).unref();
      return new Promise((tell) => waiting[rank].push({ since: now(), tell }));
    },
    leave() {
      atWork -= 1;
      hasLeft();
    },
    pass() {
      passing += 1;
      return () => {
        passing -= 1;
        hasLeft();
      };
    },
    counts: () => ({ atWork: atWork + passing, waiting: count() }),
    stop() {
      for (const rank of RANKS) for (const waiter of waiting[rank].splice(0)) waiter.tell(false);
      letIn();
    },
  };
}
