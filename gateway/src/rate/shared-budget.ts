import { LRUCache } from 'lru-cache';

/** What a key may spend within a window, counted in one place for all gateways. */
export interface SharedBudget {
  /** Null: granted. A promise only when the count has to be asked, which is once in a while. */
  take(key: string, points: number): Refusal | null | Promise<Refusal | null>;
}

export interface Refusal {
  limit: number;
  retryAfterMs: number;
}

/** Where all gateways count: adds points to a key and says how many there are now. Rejects while it is away. */
export type AddPoints = (key: string, points: number) => Promise<{ consumedPoints: number; msBeforeNext: number }>;

interface Lease {
  left: number;
  /** The end of the window the points belong to. */
  endsAt: number;
  /** The window has no more to give. */
  isSpent: boolean;
  refill: Promise<void> | null;
}

/** So much of the budget is taken at once and spent here, so that a request rarely waits for the count. */
const LEASE_SHARE = 0.05;
/** Keys whose leases are known. One that falls out loses what was left of its lease. */
const MAX_KEYS = 50_000;
const AWAY_PAUSE_MS = 1_000;

/**
 * Points are leased before they are spent, so several gateways together never
 * give more than the budget; they may give up to a lease each less. While the
 * count is away everything is granted: reads and sales matter more.
 */
export function createSharedBudget(options: {
  points: number;
  add: AddPoints;
  now: () => number;
  onAway: (error: unknown) => void;
}): SharedBudget {
  const { points: budget, add, now, onAway } = options;
  const chunk = Math.max(Math.floor(budget * LEASE_SHARE), 1);
  const leases = new LRUCache<string, Lease>({ max: MAX_KEYS });
  let awayUntil = -Infinity;

  const leaseOf = (key: string): Lease => {
    const known = leases.get(key);
    if (known && (known.endsAt > now() || known.refill)) return known;
    const lease = { left: 0, endsAt: Infinity, isSpent: false, refill: null };
    leases.set(key, lease);
    return lease;
  };

  const fill = async (key: string, lease: Lease, missing: number): Promise<void> => {
    const wanted = Math.max(chunk, missing);
    try {
      const { consumedPoints, msBeforeNext } = await add(key, wanted);
      const granted = Math.min(Math.max(budget - (consumedPoints - wanted), 0), wanted);
      const isSameWindow = lease.endsAt > now();
      lease.left = (isSameWindow ? lease.left : 0) + granted;
      lease.endsAt = now() + Math.max(msBeforeNext, 1);
      lease.isSpent = granted < wanted;
    } catch (error) {
      if (now() >= awayUntil) onAway(error);
      awayUntil = now() + AWAY_PAUSE_MS;
    } finally {
      lease.refill = null;
    }
  };

  /** Undefined: nobody knows without asking. */
  const takeHere = (lease: Lease, points: number): Refusal | null | undefined => {
    if (lease.left >= points) {
      lease.left -= points;
      return null;
    }
    if (lease.isSpent) return { limit: budget, retryAfterMs: Math.max(lease.endsAt - now(), 0) };
    return now() < awayUntil ? null : undefined;
  };

  return {
    take(key, wanted) {
      const points = Math.ceil(wanted);
      const lease = leaseOf(key);
      const known = lease.refill ? undefined : takeHere(lease, points);
      return known === undefined ? takeFilled(key, lease, points) : known;
    },
  };

  async function takeFilled(key: string, from: Lease, points: number): Promise<Refusal | null> {
    let lease = from;
    // Ends: each round adds points, finds the window spent, or finds the count away.
    for (;;) {
      lease.refill ??= fill(key, lease, points - lease.left);
      await lease.refill;
      lease = leaseOf(key);
      const known = takeHere(lease, points);
      if (known !== undefined) return known;
    }
  }
}
