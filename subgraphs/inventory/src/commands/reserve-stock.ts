import { accept, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import { MAX_UNITS } from '../domain/stock.ts';
import { availabilityOf } from '../store/levels.ts';
import { insertReservation, reservationByKey } from '../store/reservations.ts';
import { changeStock } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';
import { expireReservations } from './end-reservation.ts';
import { knowOffers } from './know-offers.ts';
import { type Shortage, shortagesIn, takeUnits } from './take-units.ts';

export interface ReserveStock {
  cartId: string;
  /** The same request twice gives the same reservation. */
  requestKey: string;
  ttlS?: number;
  lines: readonly { offerId: string; quantity: number }[];
  trace?: string;
}

export type ReserveOutcome =
  | { kind: 'reserved'; reservationId: string }
  | { kind: 'short'; shortages: Shortage[] }
  | { kind: 'refused'; rejection: Rejection };

/** A cart of more lines is no cart; the lock on its offers would hold up everybody. */
const MAX_LINES = 500;

/**
 * Takes the units of all lines or of none. The same offer on two lines counts
 * together. The counter in front refuses at once what cannot be; the database
 * decides everything else in one transaction.
 */
export async function reserveStock(deps: CommandDeps, command: ReserveStock): Promise<ReserveOutcome> {
  const wanted = together(command.lines);
  if (!wanted.ok) return { kind: 'refused', rejection: wanted.rejection };
  const offerIds = [...wanted.value.keys()];
  const earlier = await reservationByKey(deps.orm.em.fork(), command.requestKey);
  if (earlier) return { kind: 'reserved', reservationId: earlier.id };

  const known = await knowOffers(deps, offerIds);
  const unknown = offerIds.find((offerId) => !known.has(offerId));
  if (unknown) return { kind: 'refused', rejection: reject('NOT_FOUND', `There is no offer ${unknown}.`).rejection };

  if (!(await isAdmitted(deps, command.requestKey, wanted.value))) {
    return { kind: 'short', shortages: await shortagesNow(deps, wanted.value) };
  }
  const first = await decide(deps, command, wanted.value);
  if (first.kind !== 'short') return first;
  // What others left unpaid may be free by now, whether or not the sweeper has come by.
  const freed = await expireReservations(deps, { offerIds: first.shortages.map(({ offerId }) => offerId) });
  const outcome = freed > 0 ? await decide(deps, command, wanted.value) : first;
  if (outcome.kind === 'short') await recount(deps, offerIds);
  return outcome;
}

function together(lines: ReserveStock['lines']): Result<Map<string, number>> {
  if (lines.length === 0 || lines.length > MAX_LINES) {
    return reject('INVALID', `A reservation has 1 to ${MAX_LINES} lines.`, { field: ['lines'] });
  }
  const wanted = new Map<string, number>();
  for (const [index, { offerId, quantity }] of lines.entries()) {
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_UNITS) {
      return reject('INVALID', 'A quantity is a whole number from 1.', { field: ['lines', String(index), 'quantity'] });
    }
    wanted.set(offerId, (wanted.get(offerId) ?? 0) + quantity);
  }
  return accept(wanted);
}

async function decide(deps: CommandDeps, command: ReserveStock, wanted: Map<string, number>): Promise<ReserveOutcome> {
  return changeStock(
    deps,
    [...wanted.keys()],
    async (change): Promise<ReserveOutcome> => {
      // The same request may have come twice at once: the first has its units by now.
      const same = await reservationByKey(change.em, command.requestKey);
      if (same) return { kind: 'reserved', reservationId: same.id };
      const shortages = shortagesIn(change, wanted);
      if (shortages.length > 0) return { kind: 'short', shortages };
      const reservationId = deps.ids.next('rsv');
      await insertReservation(change.em, {
        id: reservationId,
        cartId: command.cartId,
        requestKey: command.requestKey,
        ttlS: command.ttlS ?? deps.reservationTtlS,
      });
      await takeUnits(change, { reservationId, wanted });
      return { kind: 'reserved', reservationId };
    },
    { trace: command.trace },
  );
}

/** True when the database shall decide. Counts that are not there are loaded first. */
async function isAdmitted(
  deps: CommandDeps,
  requestKey: string,
  wanted: ReadonlyMap<string, number>,
): Promise<boolean> {
  const lines = [...wanted].map(([offerId, quantity]) => ({ offerId, quantity }));
  let verdict = await deps.counter.admit(requestKey, lines);
  if (verdict.answer === 'unknown' && verdict.offerIds.length > 0) {
    await recount(deps, verdict.offerIds);
    verdict = await deps.counter.admit(requestKey, lines);
  }
  if (verdict.answer !== 'refused') return true;
  const doubts = await Promise.all(verdict.offerIds.map((offerId) => deps.counter.mayDoubt(offerId)));
  return doubts.includes(true);
}

/** What the database holds, told to the counter. */
export async function recount(deps: CommandDeps, offerIds: readonly string[]): Promise<void> {
  const em = deps.orm.em.fork();
  const rows = await em.execute<{ offerId: string; available: number; sequence: string }[]>(
    `select offer.offer_id as "offerId", offer.sequence,
            coalesce(sum(level.on_hand - level.reserved), 0)::int as available
       from offer left join stock_level level on level.offer_id = offer.offer_id
      where offer.offer_id in (?) group by offer.offer_id`,
    [[...offerIds]],
  );
  await deps.counter.put(rows.map((row) => ({ ...row, sequence: Number(row.sequence) })));
}

async function shortagesNow(deps: CommandDeps, wanted: ReadonlyMap<string, number>): Promise<Shortage[]> {
  const em = deps.orm.em.fork();
  const rows = await availabilityOf(em, [...wanted.keys()]);
  const free = new Map(rows.map((row) => [row.offerId, row.onHand - row.reserved]));
  const short = [...wanted].map(([offerId, requested]) => ({ offerId, requested, available: free.get(offerId) ?? 0 }));
  const real = short.filter(({ requested, available }) => available < requested);
  // Freed between the refusal and this look: the counter's word stands for this request, with what it saw.
  return real.length > 0
    ? real
    : short.map((line) => ({ ...line, available: Math.min(line.available, line.requested - 1) }));
}
