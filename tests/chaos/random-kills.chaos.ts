import { expect, it } from 'vitest';
import { withMarketplace } from '../support/marketplace.ts';
import { settled } from './linearizability/trial.ts';
import { buyWhileKilled } from './random-kills.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const MINUTES = Number(process.env['CHAOS_MINUTES'] ?? 10);
const CHECKOUTS_PER_MINUTE = 200;
const KILLS_PER_MINUTE = 30;
/** While every other second somebody dies, all that a checkout needs is seldom there at once. */
const PATIENCE_MS = 5 * 60_000;

it(
  `R09 processes die all the time and every checkout has one end (CHAOS_SEED=${SEED}, CHAOS_MINUTES=${MINUTES})`,
  { timeout: MINUTES * 60_000 * 3 + 2 * PATIENCE_MS },
  async () => {
    await withMarketplace({ shape: 'processes' }, async (market) => {
      const { killed, seconds, purchases, undecided, contradictions } = await buyWhileKilled(market, {
        seed: SEED,
        checkouts: Math.round(MINUTES * CHECKOUTS_PER_MINUTE),
        kills: Math.round(MINUTES * KILLS_PER_MINUTE),
        overMs: MINUTES * 60_000,
        patienceMs: PATIENCE_MS,
      });
      const ends = Object.entries(Object.groupBy(purchases, ({ status }) => status))
        .map(([status, those]) => `${those.length} ${status}`)
        .join(', ');
      process.stdout.write(`${killed} kills in ${seconds.toFixed(0)} s; ${purchases.length} checkouts: ${ends}\n`);
      expect({ undecided, contradictions }).toEqual({ undecided: [], contradictions: [] });
      await settled(market);
    });
  },
);
