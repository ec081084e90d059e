import { Random } from '../simulator/world/random.ts';

/** One process that is ended like a crash would, and how long it is away. */
export interface Kill {
  /** After the beginning. */
  atMs: number;
  victim: string;
  downMs: number;
}

const MEAN_GAP_MS = 2_000;
const DOWN_MS = { least: 500, most: 3_000 };
/** Of all moments in which somebody dies: those in which two do. */
const TWO_AT_ONCE = 0.1;

/** So many kills over all of these processes; the same seed gives the same plan. */
export function killPlan({
  seed,
  kills,
  victims,
}: {
  seed: number;
  kills: number;
  victims: readonly string[];
}): Kill[] {
  const random = new Random(seed);
  const plan: Kill[] = [];
  let atMs = 0;
  while (plan.length < kills) {
    // Gaps of a Poisson process: sometimes none, sometimes long.
    atMs += -Math.log(1 - random.next()) * MEAN_GAP_MS;
    const first = random.pick(victims);
    const dying = [first];
    if (random.chance(TWO_AT_ONCE) && plan.length + 1 < kills) {
      dying.push(random.pick(victims.filter((name) => name !== first)));
    }
    for (const victim of dying) {
      plan.push({ atMs: Math.round(atMs), victim, downMs: random.whole(DOWN_MS.least, DOWN_MS.most) });
    }
  }
  return plan;
}
