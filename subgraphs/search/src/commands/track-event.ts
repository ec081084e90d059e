import { createHash } from 'node:crypto';
import { principalOf, type Viewer } from '@marketgraph/platform/graphql';
import { type Act, WEIGHTS } from '../domain/trend.ts';
import { interestSteps, isFirst, isWithin } from '../store/interest.ts';
import { applySteps } from '../store/source-model.ts';
import type { CommandDeps } from './deps.ts';

const PERIOD_S = 3_600;
/** Visitors without an account look alike; together they may say this much about a product per hour. */
const MAX_ANONYMOUS = 30;

/** Counts what a buyer did; false when it is not counted: unknown product, or said before within the hour. */
export async function trackEvent(
  { redis, clock }: CommandDeps,
  { act, productId, viewer }: { act: Act; productId: string; viewer: Viewer },
): Promise<boolean> {
  if (!(await redis.sismember('search:products', productId))) return false;
  const key = createHash('sha256')
    .update(`${principalOf(viewer)} ${act} ${productId}`)
    .digest('base64url');
  const counts =
    viewer.kind === 'anonymous'
      ? await isWithin(redis, key, MAX_ANONYMOUS, PERIOD_S)
      : await isFirst(redis, key, PERIOD_S);
  if (!counts) return false;
  // Sales are counted from orders; a client's word for one is not enough.
  if (act !== 'PURCHASE') await applySteps(redis, interestSteps(productId, WEIGHTS[act], clock.now()));
  return true;
}
