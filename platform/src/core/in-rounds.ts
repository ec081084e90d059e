export interface RoundsOptions<Item, Answer> {
  /** Of one round. */
  maxItems: number;
  /** Of all items of a round together; one that weighs more by itself is a round of its own. */
  maxWeight?: number;
  weightOf?(item: Item): number;
  /** Items that are in no round yet; one more is refused with a `QueueFullError`. */
  maxWaiting: number;
  /** Rounds under way at the same time. */
  lanes: number;
  /** What an item needs for itself: rounds under way at the same time have none of these in common. */
  keysOf?(item: Item): readonly string[];
  /** Answers in the order of the items. What it throws is everybody's answer. */
  decide(items: readonly Item[]): Promise<readonly PromiseSettledResult<Answer>[]>;
}

/** So many wait already that one more would only wait for nothing: the same can be asked again. */
export class QueueFullError extends Error {
  constructor(waiting: number) {
    super(`${waiting} are waiting already.`);
    this.name = 'QueueFullError';
  }
}

interface Waiting<Item, Answer> {
  item: Item;
  keys: readonly string[];
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

const NO_KEYS: readonly string[] = [];

/**
 * Decides together what is asked while a decision is under way, as a log is written for all who wait for it: nobody waits
 * for company, whoever comes to a free lane goes at once, and whoever comes to busy ones is in the next round with all
 * others who came, in the order they came. Who needs what a round under way has waits for that one and holds up nobody else.
 */
export function inRounds<Item, Answer>(options: RoundsOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  const { maxItems, maxWeight = Number.POSITIVE_INFINITY, weightOf = () => 1, maxWaiting, lanes, decide } = options;
  const { keysOf = () => NO_KEYS } = options;
  const waiting: Waiting<Item, Answer>[] = [];
  const taken = new Set<string>();
  let busy = 0;

  const next = (): Waiting<Item, Answer>[] => {
    const round: Waiting<Item, Answer>[] = [];
    const later: Waiting<Item, Answer>[] = [];
    // Also of those who are passed over: nobody overtakes them on what they wait for.
    const held = new Set(taken);
    let weight = 0;
    let at = 0;
    for (; at < waiting.length && round.length < maxItems; at += 1) {
      const one = waiting[at]!;
      if (one.keys.some((key) => held.has(key))) {
        for (const key of one.keys) held.add(key);
        later.push(one);
        continue;
      }
      weight += weightOf(one.item);
      if (round.length > 0 && weight > maxWeight) break;
      round.push(one);
    }
    waiting.splice(0, at, ...later);
    for (const { keys } of round) for (const key of keys) taken.add(key);
    return round;
  };
  const run = async (round: readonly Waiting<Item, Answer>[]) => {
    try {
      const answers = await decide(round.map(({ item }) => item));
      for (const [at, { resolve, reject }] of round.entries()) {
        const answer = answers[at];
        if (answer?.status === 'fulfilled') resolve(answer.value);
        else reject(answer ? answer.reason : new Error('A round left somebody without an answer.'));
      }
    } catch (error) {
      for (const { reject } of round) reject(error);
    }
    for (const { keys } of round) for (const key of keys) taken.delete(key);
  };
  const work = async () => {
    busy += 1;
    // Whoever asks at this very moment belongs to the first round already.
    await undefined;
    for (let round = next(); round.length > 0; round = next()) {
      // Too many for this one, or for whom it was not.
      if (waiting.length > 0) begin();
      await run(round);
    }
    busy -= 1;
  };
  const begin = () => {
    if (busy < lanes) void work();
  };

  return (item) => {
    if (waiting.length >= maxWaiting) return Promise.reject(new QueueFullError(waiting.length));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ item, keys: keysOf(item), resolve, reject });
    begin();
    return promise;
  };
}
