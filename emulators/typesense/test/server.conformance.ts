import { describe, expect, test } from 'vitest';
import { describePersistence } from './persistence.ts';
import { describeRefusals } from './refusals.ts';
import { IS_EMULATOR, useTarget } from './target.ts';

const target = useTarget();

describe('a server', () => {
  test('says that it is well, in which state and of which version', async () => {
    expect(await target.client.health.retrieve()).toMatchObject({ ok: true });
    const { state, version } = await target.client.debug.retrieve();
    expect(state).toBe(1);
    expect(version).toMatch(/^\d+/);
  });
});

// Against a real server these are not registered: they are about what only the emulator does.
if (IS_EMULATOR) {
  describeRefusals(target);
  describePersistence();
}
