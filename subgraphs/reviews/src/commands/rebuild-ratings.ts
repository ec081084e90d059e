import { type Histogram, noRatings } from '../domain/rating.ts';
import type { RatingDocument } from '../store/reviews-store.ts';
import { appendToMongoOutbox, inMongoTransaction } from '@marketgraph/platform/mongo';
import { histogramOf, ratingChangedEvent } from '../events/out.ts';
import type { CommandDeps } from './command-deps.ts';

export interface RatingDifference {
  subjectId: string;
  /** Of the rating as it is stored; 0: there is none. */
  version: number;
  stored: Histogram;
  counted: Histogram;
}

/** A shop in which reviews never stop coming is put right as far as so many looks go. */
const MAX_LOOKS = 5;

/** Counts every rating anew and says where the kept one differs. */
export async function compareRatings({ store }: Pick<CommandDeps, 'store'>): Promise<RatingDifference[]> {
  const counted = new Map<string, number[]>();
  for await (const { subjectId, rating } of store.reviews.find(
    { status: 'PUBLISHED' },
    { projection: { subjectId: 1, rating: 1 } },
  )) {
    const bars = counted.get(subjectId) ?? [...noRatings];
    bars[rating - 1]! += 1;
    counted.set(subjectId, bars);
  }
  const stored = new Map<string, { bars: Histogram; version: number }>();
  for await (const rating of store.ratings.find()) {
    stored.set(rating._id, { bars: histogramOf(rating), version: rating.version });
  }
  return [...new Set([...counted.keys(), ...stored.keys()])].flatMap((subjectId) => {
    const { bars, version } = stored.get(subjectId) ?? { bars: noRatings, version: 0 };
    const right = (counted.get(subjectId) ?? [...noRatings]) as unknown as Histogram;
    const isRight = bars.every((votes, index) => votes === right[index]);
    return isRight ? [] : [{ subjectId, version, stored: bars, counted: right }];
  });
}

/**
 * Puts right what differs, and tells of it, so that what others keep of ratings
 * follows; resolves to how many were wrong. A rating that changes meanwhile is
 * looked at again: its change was counted from what it was.
 */
export async function rebuildRatings(deps: CommandDeps): Promise<number> {
  let corrected = 0;
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const differences = await compareRatings(deps);
    for (const difference of differences) if (await correct(deps, difference)) corrected += 1;
    if (differences.length === 0) break;
  }
  return corrected;
}

function correct(deps: CommandDeps, { subjectId, version, counted }: RatingDifference): Promise<boolean> {
  const [h1, h2, h3, h4, h5] = counted;
  return inMongoTransaction(deps.store.database, async (transaction) => {
    const { session } = transaction;
    const bars: Omit<RatingDocument, '_id' | 'version'> = { h1, h2, h3, h4, h5 };
    const current = await deps.store.ratings.findOne({ _id: subjectId }, { session });
    if ((current?.version ?? 0) !== version) return false;
    const rating = await deps.store.ratings.findOneAndUpdate(
      { _id: subjectId },
      { $set: bars, $inc: { version: 1 } },
      { session, upsert: true, returnDocument: 'after' },
    );
    await appendToMongoOutbox(transaction, [ratingChangedEvent(rating!)], { ids: deps.ids, now: deps.clock.now() });
    return true;
  });
}
