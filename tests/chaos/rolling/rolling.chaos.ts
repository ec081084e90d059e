import { subgraphNames } from '@marketgraph/monolith/registry';
import { describe, expect, it } from 'vitest';
import { restartInTurn } from './rolling-restart.ts';

const services = [...subgraphNames, 'gateway'];

describe('R27 every process of a marketplace', () => {
  it(
    'is restarted in turn under 50 requests a second and 200 subscriptions, and not one of them fails',
    { timeout: 1_200_000 },
    async () => {
      const copies = Object.fromEntries(services.map((name) => [name, 2]));
      const restart = services.flatMap((name) => [name, `${name}-2`]);
      const ended = restartInTurn({ copies, restart, perSecond: 50, watchers: 200, drainDelayMs: 2_000 });
      await expect(ended).resolves.toBeUndefined();
    },
  );
});
