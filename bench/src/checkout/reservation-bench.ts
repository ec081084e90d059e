import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startStores } from '@marketgraph/stores';
import { type Build, startChild } from '../measure/child.ts';
import { familyCpuMs, ownCpuMs } from '../measure/process-usage.ts';
import type { Report } from '../measure/report.ts';
import { median, rounded } from '../measure/statistics.ts';
import { conditionalUpdate, yardstick, type YardstickRound } from './pgbench.ts';

export interface ReservationBenchOptions {
  build: Build;
  rounds: number;
  seconds: number;
  offers: number;
  /** Reservations under way at the same time, and clients of pgbench. */
  callers: number;
  say(text: string): void;
}

interface ReservationRound {
  perSecond: number;
  nodeMsEach: number;
  postgresMsEach: number;
}

const CACHE_DIR = resolve(import.meta.dirname, '..', '..', '..', '.cache', 'marketgraph');

/** Inventory alone on stores of its own, asked as orders asks it, beside the least that could decide the same. */
export async function benchReservations(
  options: ReservationBenchOptions,
): Promise<Pick<Report, 'figures' | 'tables' | 'details'>> {
  const { build, rounds, seconds, offers, callers, say } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-bench-'));
  const stores = await startStores({ dataDir, cacheDir: CACHE_DIR, only: ['postgres', 'redis'] });
  try {
    const postgresPid = stores.describe().find(({ name }) => name === 'postgres')!.pid!;
    const measure = await yardstick({ superuserUrl: stores.postgres.superuserUrl!, postgresPid }, { accounts: 0 });
    const { appUrl, ownerUrl } = stores.postgres.inventory;
    const inventory = await startChild({
      ...{ name: 'inventory', file: 'reservations', build },
      env: {
        ...{ DATABASE_URL: appUrl, MIGRATION_DATABASE_URL: ownerUrl, REDIS_URL: stores.redis.inventory },
        // Where it is, not what it may be: the stores of the benchmark are this machine's.
        NODE_ENV: '',
        BENCH_OFFERS: String(offers),
      },
    });
    try {
      const reserve = async (onOffers: number, of: 'ample' | 'scarce' = 'ample'): Promise<ReservationRound> => {
        const [node, postgres] = [ownCpuMs(inventory.pid), familyCpuMs(postgresPid)];
        const result = await inventory.ask<{ reservations: number; seconds: number }>({
          ...{ offers: onOffers, callers, seconds, of },
        });
        const count = result.reservations;
        return {
          perSecond: count / result.seconds,
          nodeMsEach: (ownCpuMs(inventory.pid) - node) / count,
          postgresMsEach: (familyCpuMs(postgresPid) - postgres) / count,
        };
      };
      await reserve(offers);
      const [spread, few, hot]: ReservationRound[][] = [[], [], []];
      const bare: YardstickRound[] = [];
      for (let count = 0; count < rounds; count += 1) {
        spread!.push(await reserve(offers));
        few!.push(await reserve(offers, 'scarce'));
        hot!.push(await reserve(1));
        bare.push(await measure.run(conditionalUpdate(offers), { clients: callers, seconds }));
        say(
          `  reservations ${Math.round(spread!.at(-1)!.perSecond)}/s, of few units ${Math.round(few!.at(-1)!.perSecond)}/s, one offer ${Math.round(hot!.at(-1)!.perSecond)}/s, ` +
            `bare update ${Math.round(bare.at(-1)!.perSecond)}/s\n`,
        );
      }
      const of = <Round>(each: readonly Round[], pick: (round: Round) => number) => median(each.map(pick));
      const row = (name: string, each: readonly ReservationRound[]) => ({
        reservation: name,
        'per second': Math.round(of(each, ({ perSecond }) => perSecond)),
        'node ms': of(each, ({ nodeMsEach }) => nodeMsEach).toFixed(3),
        'postgres ms': of(each, ({ postgresMsEach }) => postgresMsEach).toFixed(3),
      });
      const ratio = of(
        spread!.map(({ perSecond }, index) => perSecond / bare[index]!.perSecond),
        (value) => value,
      );
      return {
        figures: [
          {
            ...{ name: 'rate of reservations ÷ bare conditional update', unit: '×', limit: 0.5 },
            ...{ value: rounded(ratio, 2), want: 'at least' },
          },
        ],
        tables: [
          {
            title: `Reservation alone, ${callers} at a time (${measure.tool})`,
            rows: [
              row(`${offers} offers`, spread!),
              row('the same, of few units', few!),
              row('one offer', hot!),
              {
                reservation: 'bare conditional update',
                'per second': Math.round(of(bare, ({ perSecond }) => perSecond)),
                'node ms': '',
                'postgres ms': of(bare, ({ postgresMsEach }) => postgresMsEach).toFixed(3),
              },
            ],
          },
        ],
        details: { spread, few, hot, bare },
      };
    } finally {
      await inventory.stop();
    }
  } finally {
    await stores.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
