import { createHash } from 'node:crypto';

/**
 * Which of so many databases holds the stock of an offer: the same one for
 * ever, whoever asks. Everything that must agree about an offer (levels,
 * movements, reservation lines) goes by its id, so it is all in one place.
 * Among n + 1 shards an offer is where it was among n, or in the new one:
 * a shard that is added takes its share from all others and nothing else moves.
 */
export function shardOf(offerId: string, shards: number): number {
  if (!Number.isInteger(shards) || shards < 1) throw new RangeError('There is at least one shard.');
  let best = 0;
  let highest = -1;
  // Rendezvous hashing: every shard draws a number for the offer, the highest has it.
  for (let shard = 0; shard < shards; shard += 1) {
    const drawn = createHash('sha256').update(`${shard}:${offerId}`).digest().readUIntBE(0, 6);
    if (drawn > highest) [best, highest] = [shard, drawn];
  }
  return best;
}
