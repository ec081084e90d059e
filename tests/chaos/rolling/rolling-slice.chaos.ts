import { describe, expect, it } from 'vitest';
import { restartInTurn } from './rolling-restart.ts';

describe('R27 a service and a gateway that are restarted', () => {
  it('fail nothing that is asked of them meanwhile, and lose no message of a stream', async () => {
    const copies = { inventory: 2, gateway: 2 };
    const restart = ['inventory', 'gateway-2'];
    const ended = restartInTurn({ copies, restart, perSecond: 25, watchers: 20, drainDelayMs: 500 });
    await expect(ended).resolves.toBeUndefined();
  });
});
