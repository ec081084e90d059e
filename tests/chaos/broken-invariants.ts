import { operatorAccess } from '@marketgraph/launcher';
import { until } from '@marketgraph/platform/testing';
import { type Verdict, verifyStores } from '@marketgraph/verify';
import type { TestMarketplace } from '../support/marketplace.ts';

const LOOK_MS = 500;

/**
 * What is still broken when everything had its time to settle; rejects when that could not be found out. `except` names
 * invariants that a test breaks on purpose.
 */
export async function brokenInvariants(
  { stores }: Pick<TestMarketplace, 'stores'>,
  { timeoutMs = 60_000, except = [] }: { timeoutMs?: number; except?: readonly string[] } = {},
): Promise<readonly Verdict[]> {
  let broken: readonly Verdict[] = [];
  const look = async () => {
    const verdicts = await verifyStores(operatorAccess(stores));
    broken = verdicts.filter(
      ({ id, violations, error }) => !except.includes(id) && (violations > 0 || error !== undefined),
    );
    return broken.length === 0;
  };
  await until(look, { timeoutMs, intervalMs: LOOK_MS, what: 'every invariant' }).catch((error: unknown) => {
    // Out of time is what the caller wants to see the reasons of.
    if (broken.length === 0) throw error;
  });
  return broken;
}
