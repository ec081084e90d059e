import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { silentLog as log, SOURCE_FLAGS, testIds } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const COMMAND = join(import.meta.dirname, '..', 'src', 'redrive.ts');
const run = promisify(execFile);

let stores: Stores;
let bus: EventBus;
beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  bus = await createRedisBus({ url: stores.redis.orders, log });
});
afterAll(async () => {
  await bus?.close();
  await stores?.stop();
});

async function redrive(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...SOURCE_FLAGS, COMMAND, ...args], {
    env: { ...process.env, REDIS_URL: stores.redis.admin },
  });
  return stdout;
}

describe('the redrive command', () => {
  it('shows what is buried and why, publishes it again, and finds nothing the second time', async () => {
    const event = {
      id: testIds().next('evt'),
      name: 'orders.stuck',
      version: 1,
      occurredAt: '',
      key: 'k',
      sequence: 1,
      payload: {},
    };
    await bus.publish('orders', [event]);
    const member = await bus.join({ group: 'patient', domains: ['orders'] });
    const [delivery] = await member.receive({ count: 1, waitMs: 2_000 });
    await member.bury(delivery!, 'no such warehouse');

    expect(await redrive('patient')).toMatch(/orders\.stuck k {2}after 1 attempts: no such warehouse\n1 buried\n$/);
    expect(await redrive('patient', '--again')).toBe('1 published again\n');
    const [again] = await member.receive({ count: 1, waitMs: 2_000 });
    expect(again!.envelope).toEqual(event);
    await member.close();
    expect(await redrive('patient')).toBe('0 buried\n');
  });

  it('says how it is used when it is not told which group', async () => {
    await expect(redrive()).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('pnpm redrive GROUP') });
  });
});
