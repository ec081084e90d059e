import { createHash } from 'node:crypto';
import { principalOf, type Viewer } from '@marketgraph/platform/graphql';
import { personalizationOf } from '../clients/personalization.ts';
import { interestIn } from '../domain/taste.ts';
import { type Act, WEIGHTS } from '../domain/trend.ts';
import { interestSteps, isFirst, isWithin } from '../store/interest.ts';
import { applySteps } from '../store/source-model.ts';
import { addInterest, keepSwitch, knownSwitch } from '../store/taste.ts';
import { rememberQuery } from './count-query.ts';
import type { CommandDeps } from './deps.ts';

const PERIOD_S = 3_600;
/** Visitors without an account look alike; together they may say this much about a product per hour. */
const MAX_ANONYMOUS = 30;

export interface TrackedEvent {
  act: Act;
  productId: string;
  viewer: Viewer;
  /** The words that led there. */
  query: string | null;
  /** Its place in the list, from 1. */
  position: number | null;
}

/**
 * Counts what a buyer did; false when it is not counted: unknown product, or
 * said before within the hour. Of somebody who wants results of their own it is
 * remembered as interest too.
 */
export async function trackEvent(deps: CommandDeps, event: TrackedEvent): Promise<boolean> {
  const { redis, clock } = deps;
  const { act, productId, viewer, query, position } = event;
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
  const now = clock.now();
  if (act !== 'PURCHASE') await applySteps(redis, interestSteps(productId, WEIGHTS[act], now));
  if (query !== null && act === 'CLICK') await rememberQuery(deps, { query, viewer });
  if (viewer.kind === 'user' && (await isPersonalized(deps, viewer.userId))) {
    await addInterest(redis, viewer.userId, productId, interestIn(act, { position, now }));
  }
  return true;
}

/** Whether somebody wants results of their own; not, while accounts cannot say. */
async function isPersonalized({ redis, peers, log }: CommandDeps, userId: string): Promise<boolean> {
  const known = await knownSwitch(redis, userId);
  if (known !== undefined) return known;
  const isOn = await personalizationOf(peers, userId, { log });
  if (isOn === null) return false;
  await keepSwitch(redis, userId, isOn);
  return isOn;
}
