import { accept, type Result } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import type { NewEvent } from '@marketgraph/platform/messaging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideEnd, shortagesIn, takeUnits } from '../domain/reservation-decisions.ts';
import type { ReservationCommand, ReservationStatus } from '../domain/reservation.ts';
import type { LedgerLevel, LedgerOffer } from '../domain/stock-ledger.ts';
import type { LockedReservation, LockedStock } from '../store/locked-stock.ts';
import { Round, type StockRequest } from './round.ts';

type Asked =
  | { do: 'reserve'; key: number; wanted: Record<string, number> }
  | { do: ReservationCommand; which: number }
  | { do: 'fail'; offerId: string };

const OFFERS = ['off_a', 'off_b', 'dea_c'];
const EARLIER = ['rsv_0', 'rsv_1', 'rsv_2'];

const asked: fc.Arbitrary<Asked> = fc.oneof(
  fc.record({
    do: fc.constant('reserve' as const),
    key: fc.nat(9),
    wanted: fc
      .dictionary(fc.constantFrom(...OFFERS), fc.integer({ min: 1, max: 4 }), { minKeys: 1 })
      .map((wanted) => ({ ...wanted })),
  }),
  fc.record({
    do: fc.constantFrom('confirm' as const, 'release' as const, 'expire' as const, 'revert' as const),
    which: fc.nat(EARLIER.length),
  }),
  fc.record({ do: fc.constant('fail' as const), offerId: fc.constantFrom(...OFFERS) }),
);

/** What a database would hold. */
interface Held {
  offers: LedgerOffer[];
  levels: LedgerLevel[];
  reservations: LockedReservation[];
}

const held: fc.Arbitrary<Held> = fc
  .record({
    units: fc.array(fc.nat(8), { minLength: 5, maxLength: 5 }),
    statuses: fc.array(fc.constantFrom<ReservationStatus>('ACTIVE', 'CONFIRMED', 'RELEASED', 'EXPIRED'), {
      minLength: EARLIER.length,
      maxLength: EARLIER.length,
    }),
    areOverdue: fc.boolean(),
    lowered: fc.nat(4),
  })
  .map(({ units, statuses, areOverdue, lowered }) => {
    const reservations = EARLIER.map((id, at): LockedReservation => {
      const lines = [
        { offerId: 'off_a', warehouseId: 'w1', quantity: 1 },
        { offerId: 'off_b', warehouseId: 'w2', quantity: 2 },
        { offerId: 'dea_c', warehouseId: 'w0', quantity: 1 },
      ];
      const facts = { id, cartId: `crt_${at}`, requestKey: `earlier ${at}`, expiresAt: '', shipTo: null };
      return { ...facts, status: statuses[at]!, isOverdue: areOverdue, lines };
    });
    const active = statuses.filter((status) => status === 'ACTIVE').length;
    const level = (offerId: string, warehouseId: string, free: number, each: number): LedgerLevel => ({
      ...{ id: `${offerId} ${warehouseId}`, offerId, warehouseId, version: 3 },
      ...{ onHand: free + active * each, reserved: active * each },
    });
    const levels = [
      level('off_a', 'w1', units[0]!, 1),
      level('off_a', 'w2', units[1]!, 0),
      level('off_b', 'w1', units[2]!, 0),
      level('off_b', 'w2', units[3]!, 2),
      level('dea_c', 'w0', units[4]!, 1),
    ];
    const given = levels.at(-1)!.onHand;
    const offer = (offerId: string): LedgerOffer => ({
      ...{ offerId, vendorId: 'ven', lowStockThreshold: 5, sequence: 7, allowance: null },
    });
    const deal = {
      ...offer('dea_c'),
      ...{ vendorId: null, allowance: { allowed: Math.max(given - lowered, active), granted: given, sequence: 1 } },
    };
    return { offers: [offer('off_a'), offer('off_b'), deal], levels, reservations };
  });

function requestOf(each: Asked, at: number): StockRequest<unknown> {
  const trace = `trace ${at}`;
  if (each.do === 'fail') {
    return {
      ...{ offerIds: [each.offerId], trace },
      decide({ stock }) {
        for (const { offerId, warehouseId } of stock.levelsOf(each.offerId)) {
          stock.move({ offerId, warehouseId, onHandDelta: 5, reservedDelta: 0, reason: 'RECEIPT' });
        }
        throw new Error('not this one');
      },
    };
  }
  if (each.do === 'reserve') {
    const wanted = new Map(Object.entries(each.wanted));
    const requestKey = `key ${each.key}`;
    return {
      ...{ offerIds: [...wanted.keys()], requestKey, claimant: `crt_new_${at}`, trace },
      decide({ stock, reservationBy, make }) {
        const same = reservationBy(requestKey);
        if (same) return same.id;
        const shortages = shortagesIn(stock, wanted);
        if (shortages.length > 0) return shortages;
        const id = `rsv_new_${at}`;
        const lines = takeUnits(stock, { id, wanted, distanceTo: () => undefined });
        return make({ id, cartId: `crt_new_${at}`, requestKey, ttlS: 60, shipTo: null }, lines);
      },
    };
  }
  const id = EARLIER[each.which] ?? 'rsv_none';
  return {
    ...{ offerIds: [], reservationId: id, trace },
    decide({ stock, reservationOf, end }): Result<unknown> | null {
      const reservation = reservationOf(id);
      if (!reservation) return null;
      const decided = decideEnd(stock, reservation, { command: each.do, distanceTo: () => undefined });
      return decided.ok && decided.value ? accept(end(reservation, decided.value)) : decided;
    },
  };
}

/** Decides in one round, and holds what would be written: refused where the database would refuse it. */
function decideIn(before: Held, requests: readonly StockRequest<unknown>[]) {
  const levels = before.levels.map((level) => ({ ...level, place: null }));
  const stock: LockedStock = { levels, reservations: before.reservations, now: '2026-03-01T10:00:00.000Z' };
  const round = new Round(before.offers, stock);
  const results = requests.map((request) => round.decide(request));
  const { writes, events, counters } = round;
  const written = round.ledger.writes;
  const after: Held = {
    offers: before.offers.map((offer) => written.offers.find(({ offerId }) => offerId === offer.offerId) ?? offer),
    levels: before.levels.map((level) => {
      const { offerId, warehouseId } = level;
      const next = written.levels.find((each) => each.offerId === offerId && each.warehouseId === warehouseId);
      if (!next) return level;
      expect(next.seen).toBe(level.version);
      const [onHand, reserved] = [level.onHand + next.onHandDelta, level.reserved + next.reservedDelta];
      expect(onHand >= reserved && reserved >= 0).toBe(true);
      return { ...level, onHand, reserved, version: next.version };
    }),
    reservations: before.reservations.map((row) => {
      const ended = writes.statuses.find(({ id }) => id === row.id);
      if (ended) expect(ended.was).toBe(row.status);
      const lines = writes.takenAnew.find(({ id }) => id === row.id)?.lines ?? row.lines;
      return { ...row, status: ended?.status ?? row.status, lines: [...lines] };
    }),
  };
  for (const { id, cartId, requestKey, shipTo } of writes.reservations) {
    const lines = writes.lines.filter(({ reservationId }) => reservationId === id);
    after.reservations.push({
      ...{ id, cartId, requestKey, shipTo, status: 'ACTIVE', isOverdue: false, expiresAt: '2026-03-01T10:01:00.000Z' },
      lines: lines.map(({ offerId, warehouseId, quantity }) => ({ offerId, warehouseId, quantity })),
    });
  }
  return { results, events, counters, moves: written.moves, after };
}

describe('requests that are decided in one round', () => {
  it('get what each would get alone in their order, and leave the same behind', () => {
    fc.assert(
      fc.property(held, fc.array(asked, { minLength: 1, maxLength: 20 }), (before, all) => {
        const requests = all.map(requestOf);
        const together = decideIn(before, requests);
        let alone = before;
        const results: unknown[] = [];
        const events: NewEvent[] = [];
        const moves: unknown[] = [];
        const counters = new Map<string, { available: number; sequence: number; settled: string[] }>();
        for (const request of requests) {
          const one = decideIn(alone, [request]);
          alone = one.after;
          results.push(...one.results);
          events.push(...one.events);
          moves.push(...one.moves);
          for (const { offerId, settled, ...value } of one.counters) {
            const before = counters.get(offerId)?.settled ?? [];
            counters.set(offerId, { ...value, settled: [...new Set([...before, ...settled])] });
          }
        }
        expect(together.results).toEqual(results);
        expect(together.events).toEqual(events);
        expect(together.moves).toEqual(moves);
        expect(together.after).toEqual(alone);
        expect(new Map(together.counters.map(({ offerId, ...value }) => [offerId, value]))).toEqual(counters);
      }),
      { numRuns: cases(300) },
    );
  });

  it('fail alone: what one did that throws is nowhere, and its neighbours have their units', () => {
    const offer = { offerId: 'off_a', vendorId: 'ven', lowStockThreshold: 5, sequence: 7, allowance: null };
    const level = { id: 'lvl', offerId: 'off_a', warehouseId: 'w1', onHand: 2, reserved: 0, version: 1 };
    const one = { do: 'reserve' as const, wanted: { off_a: 1 } };
    const requests: Asked[] = [
      { ...one, key: 1 },
      { do: 'fail', offerId: 'off_a' },
      { ...one, key: 2 },
      { ...one, key: 3 },
    ];
    const { results, after, events } = decideIn(
      { offers: [offer], levels: [level], reservations: [] },
      requests.map(requestOf),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(results[3]).toMatchObject({ value: [{ offerId: 'off_a', requested: 1, available: 0 }] });
    expect(after.levels).toMatchObject([{ onHand: 2, reserved: 2, version: 3 }]);
    expect(events.map(({ sequence, trace }) => `${sequence} ${trace}`)).toEqual(['8 trace 0', '9 trace 2']);
  });
});
