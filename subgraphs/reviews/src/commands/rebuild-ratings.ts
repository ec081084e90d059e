import { type Histogram, noRatings } from '../domain/rating.ts';
import type { RatingDocument } from '../store/reviews-store.ts';
import { histogramOf } from '../events/out.ts';
import type { CommandDeps } from './command-deps.ts';

export interface RatingDifference {
  subjectId: string;
  stored: Histogram;
  counted: Histogram;
}

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
  const stored = new Map<string, Histogram>();
  for await (const rating of store.ratings.find()) stored.set(rating._id, histogramOf(rating));
  return [...new Set([...counted.keys(), ...stored.keys()])].flatMap((subjectId) => {
    const kept = stored.get(subjectId) ?? noRatings;
    const right = (counted.get(subjectId) ?? [...noRatings]) as unknown as Histogram;
    return kept.every((votes, index) => votes === right[index]) ? [] : [{ subjectId, stored: kept, counted: right }];
  });
}

/** Puts right what differs; resolves to how many. */
export async function rebuildRatings(deps: Pick<CommandDeps, 'store'>): Promise<number> {
  const differences = await compareRatings(deps);
  for (const {
    subjectId,
    counted: [h1, h2, h3, h4, h5],
  } of differences) {
    const bars: Omit<RatingDocument, '_id' | 'version'> = { h1, h2, h3, h4, h5 };
    await deps.store.ratings.updateOne({ _id: subjectId }, { $set: bars, $inc: { version: 1 } }, { upsert: true });
  }
  return differences.length;
}
