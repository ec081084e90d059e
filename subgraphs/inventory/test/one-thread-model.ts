import fc from 'fast-check';
import { expect } from 'vitest';
import { adjust, anOffer, end, type Harness, ids, reserve, type Seller } from './harness.ts';

/** Where the stock of an offer is kept. */
export interface Place {
  harness: Harness;
  seller: Seller;
}

type Step =
  | { do: 'adjust'; delta: number; warehouse: 0 | 1 }
  | { do: 'reserve'; quantity: number }
  | { do: 'Confirm' | 'Release' | 'Revert'; which: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('adjust' as const),
      delta: fc.integer({ min: -4, max: 6 }),
      warehouse: fc.constantFrom(0 as const, 1 as const),
    }),
    fc.record({ do: fc.constant('reserve' as const), quantity: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constantFrom('Confirm' as const, 'Release' as const, 'Revert' as const), which: fc.nat(5) }),
  ),
  { minLength: 1, maxLength: 14 },
);

/** One thread, one number per fact: what the real thing must agree with. */
interface Model {
  onHand: number;
  reserved: number;
  reservations: { id: string; quantity: number; status: string }[];
}

async function play({ harness, seller }: Place, offerId: string, model: Model, step: Step): Promise<void> {
  if (step.do === 'adjust') {
    if (step.delta === 0) return;
    const answer = await adjust(harness, seller, {
      offerId,
      warehouseId: seller.warehouses[step.warehouse],
      delta: step.delta,
      reason: 'ADJUSTMENT',
    });
    // Per warehouse the real thing may refuse what the sum would allow; it never accepts what the sum forbids.
    if (answer.stockLevel) model.onHand += step.delta;
    else expect(step.delta).toBeLessThan(0);
    return;
  }
  if (step.do === 'reserve') {
    const { reservation } = await reserve(harness, [{ offerId, quantity: step.quantity }]);
    expect(Boolean(reservation)).toBe(model.onHand - model.reserved >= step.quantity);
    if (!reservation) return;
    model.reserved += step.quantity;
    model.reservations.push({ id: reservation.id, quantity: step.quantity, status: 'ACTIVE' });
    return;
  }
  const target = model.reservations[step.which % Math.max(model.reservations.length, 1)];
  if (!target) return;
  await end(harness, step.do, target.id);
  const { status, quantity } = target;
  if (status === 'ACTIVE') {
    model.reserved -= quantity;
    if (step.do === 'Confirm') model.onHand -= quantity;
    target.status = step.do === 'Confirm' ? 'CONFIRMED' : 'RELEASED';
  } else if (status === 'CONFIRMED' && step.do === 'Revert') {
    model.onHand += quantity;
    target.status = 'RELEASED';
  }
}

/** After any sequence of commands the store holds what one thread would have counted, and its movements sum to it. */
export async function agreesWithOneThread(placeOf: (offerId: string) => Place, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const offerId = ids.next('off');
      const place = placeOf(offerId);
      const { harness, seller } = place;
      await anOffer(harness, seller, [3, 2], offerId);
      const model: Model = { onHand: 5, reserved: 0, reservations: [] };
      for (const step of sequence) await play(place, offerId, model, step);
      const [sums] = await harness.db.em
        .fork()
        .execute<{ onHand: number; reserved: number }[]>(
          'select sum(on_hand)::int as "onHand", sum(reserved)::int as reserved from stock_level where offer_id = ?',
          [offerId],
        );
      expect(sums).toEqual({ onHand: model.onHand, reserved: model.reserved });
      const [moved] = await harness.db.em
        .fork()
        .execute<{ onHand: number; reserved: number }[]>(
          'select sum(on_hand_delta)::int as "onHand", sum(reserved_delta)::int as reserved from stock_movement where offer_id = ?',
          [offerId],
        );
      expect(moved).toEqual(sums);
      const [live] = await harness.db.em.fork().execute<{ units: number }[]>(
        `select coalesce(sum(quantity), 0)::int as units from reservation_line join reservation on reservation.id = reservation_id
          where offer_id = ? and status = 'ACTIVE'`,
        [offerId],
      );
      expect(live!.units).toBe(model.reserved);
    }),
    { numRuns },
  );
}
