import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cancelDeal,
  type DealState,
  type DealTerms,
  MAX_DEALS_AHEAD,
  nextChangeAt,
  sameDeal,
  scheduleDeal,
  slotsAllowed,
  shownStatus,
  statusOf,
  tellDeal,
} from './deal.ts';
import type { OfferState } from './offer.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 12, minutes));
const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });
const offer = { id: 'off_1', vendorId: 'ven_1', price: eur(1_000), status: 'ACTIVE' } as OfferState;

function aDeal(changes: Partial<DealState> = {}): DealState {
  return {
    id: 'dea_1',
    offerId: offer.id,
    vendorId: offer.vendorId,
    dealPrice: eur(700),
    startsAt: at(10),
    endsAt: at(20),
    slotsTotal: 10,
    slotsFree: 10,
    isCanceled: false,
    told: 'SCHEDULED',
    createdAt: at(0),
    version: 1,
    ...changes,
  };
}

function schedule(changes: Partial<DealTerms> = {}, others: readonly DealState[] = [], of: OfferState = offer) {
  const terms = { offerId: of.id, dealPrice: eur(700), startsAt: at(10), endsAt: at(20), slots: 10, ...changes };
  return scheduleDeal(terms, { id: 'dea_2', offer: of, others, now: at(0) });
}

describe('C15 a deal', () => {
  it.each([
    ['before it starts', at(9), {}, 'SCHEDULED'],
    ['at its start', at(10), {}, 'LIVE'],
    ['without free slots', at(15), { slotsFree: 0 }, 'SOLD_OUT'],
    ['without free slots, before it starts', at(5), { slotsFree: 0 }, 'SCHEDULED'],
    ['at its end', at(20), {}, 'ENDED'],
    ['at its end, without free slots', at(20), { slotsFree: 0 }, 'ENDED'],
    ['called off', at(15), { isCanceled: true }, 'CANCELED'],
    ['called off, long after', at(59), { isCanceled: true }, 'CANCELED'],
  ])('%s is what it is by the clock and its slots', (_, now, changes, status) => {
    expect(statusOf(aDeal(changes), now)).toBe(status);
  });

  it('changes by the clock at its start and its end, and never after', () => {
    expect(nextChangeAt(aDeal(), at(5))).toEqual(at(10));
    expect(nextChangeAt(aDeal(), at(10))).toEqual(at(20));
    expect(nextChangeAt(aDeal({ slotsFree: 0 }), at(15))).toEqual(at(20));
    expect(nextChangeAt(aDeal(), at(20))).toBeNull();
    expect(nextChangeAt(aDeal({ isCanceled: true }), at(5))).toBeNull();
  });

  it.each([
    ['as dear as the offer', { dealPrice: eur(1_000) }, 'INVALID dealPrice.amount'],
    ['for nothing', { dealPrice: eur(0) }, 'INVALID dealPrice.amount'],
    ['below nothing', { dealPrice: eur(-5) }, 'INVALID dealPrice.amount'],
    ['in another currency', { dealPrice: { amount: 700, currencyCode: 'USD' } }, 'INVALID dealPrice.currencyCode'],
    ['that ends when it starts', { endsAt: at(10) }, 'INVALID endsAt'],
    ['that ends before it starts', { endsAt: at(5) }, 'INVALID endsAt'],
    ['that is over', { startsAt: at(-20), endsAt: at(0) }, 'INVALID endsAt'],
    ['of more than a week', { endsAt: new Date(at(10).getTime() + 7 * 86_400_000 + 1) }, 'INVALID endsAt'],
    ['beyond a year', { startsAt: at(366 * 1_440), endsAt: at(366 * 1_440 + 5) }, 'INVALID startsAt'],
    ['without slots', { slots: 0 }, 'INVALID slots'],
    ['of half a slot', { slots: 1.5 }, 'INVALID slots'],
    ['of too many slots', { slots: 100_001 }, 'INVALID slots'],
  ])('%s is refused', (_, changes, refusal) => {
    const outcome = schedule(changes);
    const refusals = outcome.ok ? [] : outcome.rejection.map(({ code, field }) => `${code} ${field?.join('.')}`);
    expect(refusals).toEqual([refusal]);
  });

  it('is refused for an offer that is not on sale, and beside too many others', () => {
    expect(schedule({}, [], { ...offer, status: 'PAUSED' })).toMatchObject({
      rejection: [{ code: 'ILLEGAL_TRANSITION', field: ['offerId'] }],
    });
    const others = Array.from({ length: MAX_DEALS_AHEAD }, (_, n) =>
      aDeal({ startsAt: at(100 + n), endsAt: at(101 + n) }),
    );
    expect(schedule({}, others)).toMatchObject({ rejection: [{ code: 'LIMIT_EXCEEDED' }] });
    expect(schedule({}, others.slice(1)).ok).toBe(true);
  });

  it('never runs beside another of its offer: accepted exactly when no moment belongs to both', () => {
    const minutes = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(minutes, minutes, minutes, minutes, (a, length, b, other) => {
        const running = aDeal({ startsAt: at(b), endsAt: at(b + other) });
        const outcome = schedule({ startsAt: at(a), endsAt: at(a + length) }, [running]);
        const both = Array.from({ length: 130 }, (_, minute) => minute).some(
          (minute) => minute >= a && minute < a + length && minute >= b && minute < b + other,
        );
        expect(outcome.ok).toBe(!both);
      }),
    );
  });

  it('is the same deal only with the same price, times and slots', () => {
    const terms = { offerId: offer.id, dealPrice: eur(700), startsAt: at(10), endsAt: at(20), slots: 10 };
    const deal = aDeal();
    expect(sameDeal(terms, [deal])).toBe(deal);
    for (const changes of [{ dealPrice: eur(701) }, { startsAt: at(11) }, { endsAt: at(21) }, { slots: 11 }]) {
      expect(sameDeal({ ...terms, ...changes }, [deal])).toBeUndefined();
    }
  });

  it('can be called off until it is over, and then has no slots to give', () => {
    for (const now of [at(5), at(15)]) {
      const canceled = cancelDeal(aDeal(), now);
      expect(canceled).toMatchObject({ value: { isCanceled: true, told: 'CANCELED', version: 2 } });
      expect(canceled.ok && slotsAllowed(canceled.value)).toBe(0);
    }
    const canceled = aDeal({ isCanceled: true });
    expect(cancelDeal(canceled, at(30))).toEqual({ ok: true, value: canceled });
    expect(cancelDeal(aDeal(), at(20))).toMatchObject({ rejection: [{ code: 'ILLEGAL_TRANSITION' }] });
  });

  it('tells each change once', () => {
    const deal = aDeal();
    expect(tellDeal(deal, at(5))).toBeNull();
    const live = tellDeal(deal, at(10))!;
    expect(live).toMatchObject({ told: 'LIVE', version: 2 });
    expect(tellDeal(live, at(11))).toBeNull();
    const soldOut = tellDeal({ ...live, slotsFree: 0 }, at(12))!;
    expect(tellDeal({ ...soldOut, slotsFree: 1 }, at(13))).toMatchObject({ told: 'LIVE', version: 4 });
    expect(tellDeal(soldOut, at(20))).toMatchObject({ told: 'ENDED' });
    // By a clock that is behind.
    expect(tellDeal(live, at(9))).toBeNull();
    expect(tellDeal({ ...soldOut, told: 'ENDED' }, at(19))).toBeNull();
  });

  it('shows who begins to watch what it is, and by a clock that is behind what others were told', () => {
    const live = tellDeal(aDeal(), at(10))!;
    expect([at(9), at(10), at(20)].map((now) => shownStatus(aDeal(), now))).toEqual(['SCHEDULED', 'LIVE', 'ENDED']);
    expect([at(9), at(20)].map((now) => shownStatus(live, now))).toEqual(['LIVE', 'ENDED']);
    expect(shownStatus({ ...live, slotsFree: 0 }, at(12))).toBe('SOLD_OUT');
  });
});
