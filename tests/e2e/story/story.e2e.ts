import { describe, expect, it } from 'vitest';
import { playStory } from '../../story/play.ts';
import { silentReport } from '../../story/report.ts';
import { withMarketplace } from '../../support/marketplace.ts';

describe.each(['monolith', 'processes'] as const)('the main job, %s', (shape) => {
  it('O8 O33 O34 X31 is played from an empty shop to a reviewed purchase without a difference', async () => {
    const played = withMarketplace({ shape }, ({ graph }) => playStory(graph, { report: silentReport }));
    await expect(played).resolves.toBeUndefined();
  });
});
