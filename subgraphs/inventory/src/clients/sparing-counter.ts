import { LRUCache } from 'lru-cache';
import type { CounterValue, StockCounter, Wanted } from './stock-counter.ts';

/** As many as may wait for the database's decision: with more than that left, nobody has to be turned away. */
const PLENTY = 2_000;
/** Other processes sell too: what was read longer ago says nothing. */
const KNOWN_MS = 1_000;
const MAX_KNOWN = 10_000;
/** How late the counter may be told of an offer with plenty. */
const TELL_AFTER_MS = 50;
/** Of one time: a script holds up everybody else who asks Redis. */
const MAX_UNTOLD_OFFERS = 500;
const MAX_UNTOLD_CLAIMS = 1_000;

/** What the database had when this process last decided about an offer, less what was admitted since. */
interface Known {
  free: number;
  sequence: number;
  knownAt: number;
}

export interface SparingCounter extends StockCounter {
  /** The numbers after a decision, as `put` tells them: soon, where there is plenty, and else at once. */
  tell(values: readonly CounterValue[]): Promise<void>;
}

/**
 * A counter that is left alone where there is plenty: a crowd is turned away where stock runs out, and elsewhere asking for
 * each reservation and telling of each costs more than it saves. Whoever wants an offer of which this process has just seen
 * thousands is admitted at once, without a claim, and the counter is told of such offers by and by. The database decides as
 * always.
 */
export function sparingCounter(
  counter: StockCounter,
  now: () => number = () => performance.now(),
): SparingCounter & { close(): Promise<void> } {
  const stock = new LRUCache<string, Known>({ max: MAX_KNOWN });
  let untold = new Map<string, CounterValue>();
  let untoldClaims = 0;
  let timer: NodeJS.Timeout | undefined;

  const learn = ({ offerId, available, sequence }: CounterValue) => {
    const known = stock.get(offerId);
    if (known && known.sequence > sequence) return;
    stock.set(offerId, { free: available, sequence, knownAt: now() });
  };
  const isPlenty = ({ offerId, quantity }: Wanted): boolean => {
    const known = stock.get(offerId);
    return known !== undefined && now() - known.knownAt < KNOWN_MS && known.free - quantity >= PLENTY;
  };
  const tellUntold = async () => {
    clearTimeout(timer);
    timer = undefined;
    const values = [...untold.values()];
    untold = new Map();
    untoldClaims = 0;
    if (values.length > 0) await counter.put(values);
  };
  const tellLater = async (values: readonly CounterValue[]) => {
    for (const value of values) {
      const before = untold.get(value.offerId);
      const newest = before && before.sequence > value.sequence ? before : value;
      untold.set(value.offerId, { ...newest, settled: [...(before?.settled ?? []), ...(value.settled ?? [])] });
      untoldClaims += value.settled?.length ?? 0;
    }
    if (untold.size >= MAX_UNTOLD_OFFERS || untoldClaims >= MAX_UNTOLD_CLAIMS) await tellUntold();
    else timer ??= setTimeout(() => void tellUntold(), TELL_AFTER_MS);
  };

  return {
    async admit(claimant, wanted, options) {
      if (options?.insist || !wanted.every(isPlenty)) return counter.admit(claimant, wanted, options);
      for (const { offerId, quantity } of wanted) stock.get(offerId)!.free -= quantity;
      return { answer: 'admitted' };
    },
    async put(values) {
      values.forEach(learn);
      await counter.put(values);
    },
    async tell(values) {
      values.forEach(learn);
      const [scarce, ample] = [
        values.filter(({ available }) => available < PLENTY),
        values.filter(({ available }) => available >= PLENTY),
      ];
      await Promise.all([scarce.length > 0 && counter.put(scarce), ample.length > 0 && tellLater(ample)]);
    },
    async read(offerIds) {
      await tellUntold();
      return counter.read(offerIds);
    },
    close: tellUntold,
  };
}
