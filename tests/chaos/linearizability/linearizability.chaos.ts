import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { proxyOf } from '../../support/tcp-proxy.ts';
import { killPlan } from '../kill-plan.ts';
import { startKiller } from '../killer.ts';
import { runTrial, settled } from './trial.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const OPERATIONS = Number(process.env['CHAOS_OPERATIONS'] ?? 50_000);
/** More than there is time for: it goes on until the clients are through. */
const KILLS = 10_000;
const VICTIMS = ['inventory', 'inventory-2', 'payments', 'payments-2'];
const MAX_DELAY_MS = 3;
/** Of all histories: those too much of which nobody knows, as both copies were away, to decide in reasonable time. */
const MAX_UNDECIDED = 0.2;

describe(`R40 eight clients, processes that die, a slow database (CHAOS_SEED=${SEED}, CHAOS_OPERATIONS=${OPERATIONS})`, () => {
  let market: TestMarketplace;

  beforeAll(async () => {
    market = await startTestMarketplace({ shape: 'processes', copies: { inventory: 2, payments: 2 } });
  });
  afterAll(() => market?.stop());

  it('everybody was told what one thread would have said', { timeout: 60 * 60_000 }, async () => {
    const { appUrl } = market.stores.postgres.inventory;
    const proxy = await proxyOf(appUrl, { seed: SEED });
    proxy.delay({ minMs: 0, maxMs: MAX_DELAY_MS });
    const restartWith = Object.fromEntries(
      VICTIMS.slice(0, 2).map((name) => [name, { DATABASE_URL: proxy.through(appUrl) }]),
    );
    try {
      const begun = performance.now();
      const { operations, unknown, histories, anomalies, undecided } = await runTrial(market, {
        operations: OPERATIONS,
        seed: SEED,
        async onFaults() {
          for (const [name, env] of Object.entries(restartWith)) {
            await market.processes!.services.get(name)!.kill();
            await market.processes!.services.get(name)!.restart(env);
          }
          const killer = startKiller(market, killPlan({ seed: SEED, kills: KILLS, victims: VICTIMS }), { restartWith });
          return {
            async stop() {
              await killer.stop();
              process.stdout.write(`${killer.killed} processes killed\n`);
            },
          };
        },
      });
      const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
      process.stdout.write(
        `${operations} operations in ${seconds} s, ${unknown} of unknown outcome; ${histories} histories, ${undecided.length} undecided\n`,
      );
      expect(anomalies).toEqual([]);
      expect(undecided.length).toBeLessThanOrEqual(histories * MAX_UNDECIDED);
      // Units were taken that nobody ever paid for: there is a client here where orders would be.
      await settled(market, { except: ['I8'] });
    } finally {
      await proxy.stop();
    }
  });
});
