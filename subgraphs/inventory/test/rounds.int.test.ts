import { randomUUID } from 'node:crypto';
import { type Database, inTransaction } from '@marketgraph/platform/postgres';
import { OUTBOX_EVENTS, until } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandDeps } from '../src/commands/deps.ts';
import { endReservation } from '../src/commands/end-reservation.ts';
import { reserveStock } from '../src/commands/reserve-stock.ts';
import type { ReservationCommand } from '../src/domain/reservation.ts';
import { lockStock } from '../src/store/locked-stock.ts';
import {
  anOffer,
  aSeller,
  askOf,
  availableOf,
  end,
  type Harness,
  ids,
  reserve,
  type Seller,
  startCopy,
  startHarness,
} from './harness.ts';
import { type Commands, holdOffer, openDoor, startCommands, watched, writeOffer } from './rounds-harness.ts';

let harness: Harness;
let seller: Seller;
let commands: Commands;

beforeAll(async () => {
  harness = await startHarness({ sweepIntervalMs: 60_000 });
  seller = await aSeller(harness);
  commands = await startCommands(harness);
});
afterAll(async () => {
  await commands?.stop();
  await harness?.stop();
});

type Asked =
  | { do: 'reserve'; key: number; lines: { offer: number; quantity: number }[] }
  | { do: ReservationCommand; which: number };

const asked: fc.Arbitrary<Asked> = fc.oneof(
  fc.record({
    do: fc.constant('reserve' as const),
    key: fc.nat(12),
    lines: fc.array(fc.record({ offer: fc.nat(2), quantity: fc.integer({ min: 1, max: 3 }) }), {
      ...{ minLength: 1, maxLength: 3 },
    }),
  }),
  fc.record({
    do: fc.constantFrom('confirm' as const, 'release' as const, 'revert' as const),
    which: fc.nat(3),
  }),
);

/** Three offers (one of them the slots of a deal) with four reservations on them, alike but for their ids. */
async function aTwin(name: string): Promise<{ offers: string[]; reservations: string[]; name: string }> {
  const offers = [ids.next('off'), ids.next('off'), ids.next('dea')];
  const place = { warehouses: seller.warehouses, vendorId: seller.vendorId };
  await writeOffer(harness.db, offers[0]!, [3, 4], place);
  await writeOffer(harness.db, offers[1]!, [6], place);
  await writeOffer(harness.db, offers[2]!, [5]);
  const reservations: string[] = [];
  for (let at = 0; at < 4; at += 1) {
    const lines = [0, at % 3].map((offer) => ({ offerId: offers[offer]!, quantity: 1 }));
    const made = await reserveStock(commands.deps, { cartId: `${name} ${at}`, requestKey: `${name} ${at}`, lines });
    if (made.kind !== 'reserved') throw new Error(JSON.stringify(made));
    reservations.push(made.reservation.id);
  }
  return { offers, reservations, name };
}

type Twin = Awaited<ReturnType<typeof aTwin>>;

async function answerTo(deps: CommandDeps, twin: Twin, each: Asked): Promise<unknown> {
  if (each.do !== 'reserve') {
    const ended = await endReservation(deps, { id: twin.reservations[each.which]!, command: each.do });
    return ended.ok ? ended.value.status : ended.rejection.code;
  }
  const lines = each.lines.map(({ offer, quantity }) => ({ offerId: twin.offers[offer]!, quantity }));
  const cartId = `${twin.name} cart ${each.key}`;
  const outcome = await reserveStock(deps, { cartId, requestKey: `${twin.name} key ${each.key}`, lines });
  if (outcome.kind === 'refused') return outcome.rejection.code;
  if (outcome.kind === 'reserved') return outcome.reservation.status;
  return outcome.shortages.map((short) => ({ ...short, offerId: twin.offers.indexOf(short.offerId) }));
}

/** All that is kept of a twin, without what is its own alone. */
async function keptOf({ offers, name }: Twin) {
  const em = harness.db.em.fork();
  const read = async (text: string, values: unknown[] = [offers]) =>
    (await em.execute<Record<string, unknown>[]>(text, values)).map((row) =>
      JSON.parse(
        JSON.stringify(row, (key, value: unknown) => {
          if (key === 'offerId' || key === 'allowanceId') return offers.indexOf(value as string);
          return typeof value === 'string' ? value.replace(name, 'twin') : value;
        }),
      ),
    );
  return {
    levels: await read(
      `select offer_id as "offerId", warehouse_id, on_hand, reserved, version from stock_level
        where offer_id in (?) order by array_position(array[${offers.map((id) => `'${id}'`).join()}], offer_id), warehouse_id`,
    ),
    moved: await read(
      `select offer_id as "offerId", warehouse_id, reason, count(*)::int, sum(on_hand_delta)::int as on_hand, sum(reserved_delta)::int as reserved
         from stock_movement where offer_id in (?) group by 1, 2, 3
        order by array_position(array[${offers.map((id) => `'${id}'`).join()}], offer_id), 2, 3`,
    ),
    told: await read(
      `select sequence, payload from ${OUTBOX_EVENTS} where key in (?)
        order by array_position(array[${offers.map((id) => `'${id}'`).join()}], key), sequence`,
    ),
    reservations: await read(
      `select request_key, status, line.offer_id as "offerId", warehouse_id, quantity
         from reservation join reservation_line line on reservation_id = reservation.id
        where request_key like ?
        order by 1, array_position(array[${offers.map((id) => `'${id}'`).join()}], line.offer_id), 4`,
      [`${name} %`],
    ),
  };
}

describe('requests that come at once', () => {
  it('I7 get what they would get one at a time in the order they were decided, and leave the same behind', async () => {
    let run = 0;
    const { count, requests } = commands.rounds;
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 2, maxLength: 14 }), async (all) => {
        run += 1;
        const [crowd, queue] = [await aTwin(`crowd ${run}`), await aTwin(`queue ${run}`)];
        // In the order in which they had the locks of their offers, which is the order of their decisions.
        const order = new Set<number>();
        const answers = await Promise.all(
          all.map((each, at) => {
            const rounds: CommandDeps['rounds'] = {
              ask: (request) =>
                commands.deps.rounds.ask({
                  ...request,
                  decide(place) {
                    order.delete(at);
                    order.add(at);
                    return request.decide(place);
                  },
                }),
            };
            return answerTo({ ...commands.deps, rounds }, crowd, each);
          }),
        );
        expect(order.size).toBe(all.length);
        const alone: unknown[] = [];
        for (const at of order) alone[at] = await answerTo(commands.deps, queue, all[at]!);
        expect(answers).toEqual(alone);
        expect(await keptOf(crowd)).toEqual(await keptOf(queue));
      }),
      { numRuns: 25 },
    );
    // Otherwise it says nothing.
    expect(commands.rounds.count - count).toBeLessThan(commands.rounds.requests - requests);
  });

  it('one that cannot be written fails alone, and everybody else of its round is served', async () => {
    const { deps, rounds } = commands;
    const offerId = ids.next('off');
    await writeOffer(harness.db, offerId, [10], { warehouses: seller.warehouses, vendorId: seller.vendorId });
    const ask = (cartId: string = ids.next('crt')) =>
      reserveStock(deps, { cartId, requestKey: randomUUID(), lines: [{ offerId, quantity: 1 }] });
    const letGo = await holdOffer(harness.db, offerId);
    const first = ask();
    const before = rounds.requests;
    await until(async () => (await waitingIn(harness.db)) > 0, { what: 'the first to wait for the lock' });
    // A text PostgreSQL cannot hold.
    const others = [ask(), ask('crt_\u0000'), ask(), ask()];
    await letGo();
    const [, ...settled] = await Promise.allSettled([first, ...others]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await availableOf(harness, offerId)).toBe(6);
    // The first and the three that were served: what was undone counts for nothing.
    expect(rounds.requests - before).toBe(4);
  });

  it('I4 PostgreSQL decides: stock that somebody changed past the locks is looked at anew', async () => {
    const offerId = ids.next('off');
    await writeOffer(harness.db, offerId, [5], { warehouses: seller.warehouses, vendorId: seller.vendorId });
    const { promise, resolve } = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const intruder = harness.db.em.fork().transactional(async (em) => {
      await em.execute('update stock_level set on_hand = 2, version = version + 1 where offer_id = ?', [offerId]);
      written.resolve();
      await promise;
    });
    await written.promise;
    const answers = [1, 2, 3].map(() =>
      reserveStock(commands.deps, {
        ...{ cartId: ids.next('crt'), requestKey: randomUUID(), lines: [{ offerId, quantity: 1 }] },
      }),
    );
    await until(async () => (await waitingIn(harness.db)) > 0, { what: 'the round to wait for the level' });
    resolve();
    await intruder;
    expect((await Promise.all(answers)).map(({ kind }) => kind).toSorted()).toEqual(['reserved', 'reserved', 'short']);
    expect(await availableOf(harness, offerId)).toBe(0);
  });

  it('wait for an offer that something else holds when they want that one, and else for nobody', async () => {
    const [held, free] = [ids.next('off'), ids.next('off')];
    const place = { warehouses: seller.warehouses, vendorId: seller.vendorId };
    for (const id of [held, free]) await writeOffer(harness.db, id, [5], place);
    const ask = (offerId: string) =>
      reserveStock(commands.deps, {
        ...{ cartId: ids.next('crt'), requestKey: randomUUID(), lines: [{ offerId, quantity: 1 }] },
      });
    const letGo = await holdOffer(harness.db, held);
    const held1 = ask(held);
    await until(async () => (await waitingIn(harness.db)) > 0, { what: 'the first to wait for the lock' });
    const held2 = ask(held);
    expect((await Promise.all([ask(free), ask(free)])).map(({ kind }) => kind)).toEqual(['reserved', 'reserved']);
    expect(await waitingIn(harness.db)).toBe(1);
    await letGo();
    expect((await Promise.all([held1, held2])).map(({ kind }) => kind)).toEqual(['reserved', 'reserved']);
  });

  it('are refused, to be asked again, when thousands wait already', async () => {
    const held = ids.next('off');
    await writeOffer(harness.db, held, [1], { warehouses: seller.warehouses, vendorId: seller.vendorId });
    const letGo = await holdOffer(harness.db, held);
    const ask = () => commands.deps.rounds.ask({ offerIds: [held], decide: () => 'decided' });
    const first = ask();
    await until(async () => (await waitingIn(harness.db)) > 0, { what: 'the first to wait for the lock' });
    const waiting = Promise.all(Array.from({ length: 2_000 }, ask));
    await expect(ask()).rejects.toMatchObject({ extensions: { code: 'RATE_LIMITED', retryable: true } });
    await letGo();
    expect([await first, ...new Set(await waiting)]).toEqual(['decided', 'decided']);
  });
});

describe('two copies of the service', () => {
  it('R02 sell what there is and no more, number every change, and never wait for each other in a circle', async () => {
    const copy = await startCopy(harness.stores, { sweepIntervalMs: 60_000 });
    const other: Harness = { ...harness, subgraph: copy, ask: askOf(copy) };
    try {
      const [hot, cold] = [await anOffer(harness, seller, [25, 15]), await anOffer(harness, seller, [500])];
      const lines = [
        { offerId: hot, quantity: 1 },
        { offerId: cold, quantity: 1 },
      ];
      const answers = await Promise.all(
        Array.from({ length: 160 }, async (_, n) => {
          const place = n % 2 ? harness : other;
          const { reservation, userErrors } = await reserve(place, n % 3 ? lines : lines.toReversed());
          if (!reservation) return userErrors[0]?.code;
          // Ended where it was not made.
          const ended = await end(n % 2 ? other : harness, n % 4 ? 'Confirm' : 'Release', reservation.id);
          return ended.reservation?.status;
        }),
      );
      const [sold, released] = ['CONFIRMED', 'RELEASED'].map((is) => answers.filter((answer) => answer === is).length);
      expect(answers.filter((answer) => answer === 'INSUFFICIENT_STOCK')).toHaveLength(160 - sold! - released!);
      expect(sold).toBeLessThanOrEqual(40);
      expect(sold! + released!).toBeGreaterThanOrEqual(40);
      expect([await availableOf(harness, hot), await availableOf(harness, cold)]).toEqual([40 - sold!, 500 - sold!]);
      const numbers = await harness.db.em
        .fork()
        .execute<{ sequence: string }[]>(`select sequence from ${OUTBOX_EVENTS} where key = ? order by position, at`, [
          hot,
        ]);
      expect(numbers.map(({ sequence }) => Number(sequence))).toEqual(numbers.map((_, at) => at + 1));
    } finally {
      await copy.stop();
    }
  });

  it('make one reservation of the same request, whichever of them it comes to', async () => {
    const copy = await startCommands(harness);
    try {
      const offerIds = [await anOffer(harness, seller, [50]), await anOffer(harness, seller, [50])];
      const made = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          reserveStock((n % 2 ? commands : copy).deps, {
            ...{ cartId: 'crt_same', requestKey: `same ${n % 5}` },
            // Not even of the same offers: the key alone says what is the same.
            lines: [{ offerId: offerIds[(n >> 1) % 2]!, quantity: 1 }],
          }),
        ),
      );
      const idsByKey = Map.groupBy(made.entries(), ([n]) => n % 5);
      for (const same of idsByKey.values()) {
        const found = new Set(same.map(([, outcome]) => outcome.kind === 'reserved' && outcome.reservation.id));
        expect([...found]).toEqual([expect.stringMatching(/^rsv_/)]);
      }
      const free = await Promise.all(offerIds.map((offerId) => availableOf(harness, offerId)));
      expect(free[0]! + free[1]!).toBe(95);
    } finally {
      await copy.stop();
    }
  });
});

describe('requests that the counter in front refuses', () => {
  it('cost one look at the database each, and a crowd of them a few', async () => {
    let looks = 0;
    const counted = await startCommands(harness, {
      counter: {
        ...openDoor,
        admit: async (_, wanted) => ({
          answer: 'refused',
          isDoubted: false,
          short: wanted.map(({ offerId }) => ({ offerId, available: 0 })),
        }),
      },
      watch: (orm) => watched(orm, () => (looks += 1)),
    });
    try {
      const offerId = await anOffer(harness, seller, [3]);
      const { reservation } = await reserve(harness, [{ offerId, quantity: 2 }], { key: 'had before' });
      const ask = (quantity: number, requestKey: string = randomUUID()) =>
        reserveStock(counted.deps, { cartId: ids.next('crt'), requestKey, lines: [{ offerId, quantity }] });
      const short = { offerId, available: 1 };
      expect(await ask(2)).toEqual({ kind: 'short', shortages: [{ ...short, requested: 2 }] });
      expect(looks).toBe(1);
      expect(await ask(2, 'had before')).toMatchObject({ kind: 'reserved', reservation: { id: reservation!.id } });
      expect(looks).toBe(2);
      const crowd = await Promise.all(Array.from({ length: 100 }, () => ask(2)));
      expect(crowd).toEqual(crowd.map(() => ({ kind: 'short', shortages: [{ ...short, requested: 2 }] })));
      expect(looks).toBeLessThanOrEqual(6);
      // Somebody's claim stands for a unit that is free: the word of the counter is said with what it saw.
      expect(await ask(1)).toEqual({ kind: 'short', shortages: [{ ...short, requested: 1, available: 0 }] });
      const unknown = {
        cartId: ids.next('crt'),
        requestKey: randomUUID(),
        lines: [{ offerId: 'off_no', quantity: 1 }],
      };
      expect(await reserveStock(counted.deps, unknown)).toMatchObject({ rejection: { code: 'NOT_FOUND' } });
    } finally {
      await counted.stop();
    }
  });
});

/** Connections of the commands that wait for somebody else's lock. */
async function waitingIn(db: Database): Promise<number> {
  const [row] = await db.em
    .fork()
    .execute<{ count: number }[]>(
      "select count(*)::int as count from pg_stat_activity where application_name = 'commands' and wait_event_type = 'Lock'",
    );
  return row!.count;
}

/** What a server may come to for the same statement, by how large it takes the tables for. */
const PLANS = [
  '',
  'enable_hashagg',
  'enable_hashagg, enable_seqscan',
  'enable_hashagg, enable_seqscan, enable_hashjoin, enable_mergejoin',
  'enable_hashagg, enable_seqscan, enable_hashjoin, enable_nestloop',
  'enable_nestloop',
  'enable_indexscan, enable_bitmapscan',
];

describe('I7 whoever waited for an offer that was changed meanwhile has it locked', () => {
  it.each(PLANS)('with a plan without "%s"', async (disabled) => {
    // The one that is waited for comes after another: a plan that reads ahead has passed it by then.
    const [free, held] = [ids.next('off'), ids.next('off')];
    const place = { warehouses: seller.warehouses, vendorId: seller.vendorId };
    for (const offerId of [free, held]) await writeOffer(harness.db, offerId, [9], place);
    const requestKey = ids.next('key');
    const lines = [{ offerId: held, quantity: 2 }];
    const made = await reserveStock(commands.deps, { cartId: ids.next('crt'), requestKey, lines });
    if (made.kind !== 'reserved') throw new Error(JSON.stringify(made));
    const letGo = await holdOffer(harness.db, held);
    const waiting = inTransaction(commands.deps.orm, async (em) => {
      // Not one of an earlier turn that the server has kept.
      await em.execute('set local plan_cache_mode to force_custom_plan');
      for (const name of disabled.split(', ')) if (name) await em.execute(`set local ${name} to off`);
      return lockStock(em, { offerIds: [free], reservationIds: [made.reservation.id], requestKeys: [] });
    });
    await until(async () => (await waitingIn(harness.db)) === 1);
    await letGo();
    const { offers, stock } = await waiting;
    expect(offers.map(({ offerId }) => offerId)).toEqual([held, free].toSorted());
    expect(offers.find(({ offerId }) => offerId === held)?.lowStockThreshold).toBe(6);
    expect(stock.reservations).toMatchObject([{ id: made.reservation.id, status: 'ACTIVE', lines: [{ quantity: 2 }] }]);
  });
});
