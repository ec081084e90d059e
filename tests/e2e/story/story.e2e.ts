import { operatorAccess } from '@marketgraph/launcher';
import { verifyStores } from '@marketgraph/verify';
import { describe, expect, it, vi } from 'vitest';
import { playStory } from '../../story/play.ts';
import { silentReport } from '../../story/report.ts';
import { withMarketplace } from '../../support/marketplace.ts';

describe.each(['monolith', 'processes'] as const)('the main job, %s', (shape) => {
  it('O8 O33 O34 X31 is played from an empty shop to a reviewed purchase without a difference, and no invariant is broken', async () => {
    await withMarketplace({ shape }, async ({ graph, stores }) => {
      await playStory(graph, { report: silentReport });
      // Events may still be on their way into the read models.
      await vi.waitFor(
        async () => {
          const verdicts = await verifyStores(operatorAccess(stores));
          expect(verdicts.filter(({ violations, error }) => violations > 0 || error)).toEqual([]);
        },
        { timeout: 10_000, interval: 200 },
      );
    });
  });
});
