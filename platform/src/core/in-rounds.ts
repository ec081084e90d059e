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
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

/**
 * Decides together what is asked while a decision is under way, as a log is written for all who wait for it: nobody waits
 * for company, whoever comes to a free lane goes at once, and whoever comes to busy ones is in the next round with all
 * others who came, in the order they came.
 */
export function inRounds<Item, Answer>(options: RoundsOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  const { maxItems, maxWeight = Number.POSITIVE_INFINITY, weightOf = () => 1, maxWaiting, lanes, decide } = options;
  const waiting: Waiting<Item, Answer>[] = [];
  let busy = 0;

  const next = (): Waiting<Item, Answer>[] => {
    let count = 0;
    let weight = 0;
    while (count < Math.min(waiting.length, maxItems)) {
      weight += weightOf(waiting[count]!.item);
      if (count > 0 && weight > maxWeight) break;
      count += 1;
    }
    return waiting.splice(0, count);
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
  };
  const work = async () => {
    busy += 1;
    // Whoever asks at this very moment belongs to the first round already.
    await undefined;
    while (waiting.length > 0) await run(next());
    busy -= 1;
  };

  return (item) => {
    if (waiting.length >= maxWaiting) return Promise.reject(new QueueFullError(waiting.length));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ item, resolve, reject });
    if (busy < lanes) void work();
    return promise;
  };
}
