import { accept, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import type { Admission, Wanted } from '../clients/stock-counter.ts';
import type { Shortage } from '../domain/reservation-decisions.ts';
import { MAX_UNITS } from '../domain/stock.ts';
import { type AvailabilityRow, availabilityOf } from '../store/levels.ts';
import type { CommandDeps } from './deps.ts';
import { expireReservations } from './end-reservation.ts';
import { knowOffers } from './know-offers.ts';

export interface AdmitStock {
  /** Who wants it: its claim is what its reservation is admitted on. */
  cartId: string;
  lines: readonly Wanted[];
}

export type AdmitOutcome =
  | { kind: 'admitted' }
  | { kind: 'short'; shortages: Shortage[] }
  | { kind: 'refused'; rejection: Rejection };

/** A cart of more lines is no cart; the lock on its offers would hold up everybody. */
const MAX_LINES = 500;

/**
 * The question before a checkout costs anything. The counter answers a crowd
 * without the database; once per offer and pause somebody it refuses looks
 * there, and is admitted when the units are free after all.
 */
export async function admitStock(deps: CommandDeps, { cartId, lines }: AdmitStock): Promise<AdmitOutcome> {
  const wanted = together(lines);
  if (!wanted.ok) return { kind: 'refused', rejection: wanted.rejection };
  const verdict = await askCounter(deps, cartId, wanted.value);
  if (verdict.answer === 'admitted') return { kind: 'admitted' };
  if (verdict.answer === 'refused' && !verdict.isDoubted) {
    const shortages = verdict.short.map((short) => ({ ...short, requested: wanted.value.get(short.offerId)! }));
    return { kind: 'short', shortages };
  }
  const offerIds = [...wanted.value.keys()];
  // A deal may be asked for before the event that tells of its slots has come.
  await knowOffers(deps, offerIds);
  const rows = await availabilityOf(deps.orm.em.fork(), offerIds);
  const shortages = shortagesAmong(rows, wanted.value, ({ onHand, reserved, overdue }) => onHand - reserved + overdue);
  if (shortages.length > 0) {
    await recount(deps, offerIds);
    return { kind: 'short', shortages };
  }
  if (rows.some(({ overdue }) => overdue > 0)) await expireReservations(deps, { offerIds });
  await deps.counter.admit(cartId, inLines(wanted.value), { insist: true });
  return { kind: 'admitted' };
}

/** True when the database shall decide about a reservation. */
export async function mayAskDatabase(
  deps: CommandDeps,
  cartId: string,
  wanted: ReadonlyMap<string, number>,
): Promise<boolean> {
  const verdict = await askCounter(deps, cartId, wanted);
  return verdict.answer !== 'refused' || verdict.isDoubted;
}

/** Counts that are not there are loaded first. */
async function askCounter(deps: CommandDeps, cartId: string, wanted: ReadonlyMap<string, number>): Promise<Admission> {
  const verdict = await deps.counter.admit(cartId, inLines(wanted));
  if (verdict.answer !== 'unknown' || verdict.offerIds.length === 0) return verdict;
  await recount(deps, verdict.offerIds);
  return deps.counter.admit(cartId, inLines(wanted));
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

function shortagesAmong(
  rows: readonly AvailabilityRow[],
  wanted: ReadonlyMap<string, number>,
  free: (row: AvailabilityRow) => number,
): Shortage[] {
  const units = new Map(rows.map((row) => [row.offerId, free(row)]));
  return [...wanted]
    .map(([offerId, requested]) => ({ offerId, requested, available: units.get(offerId) ?? 0 }))
    .filter(({ requested, available }) => available < requested);
}

function inLines(wanted: ReadonlyMap<string, number>): Wanted[] {
  return [...wanted].map(([offerId, quantity]) => ({ offerId, quantity }));
}

/** The same offer on two lines counts together. */
export function together(lines: readonly Wanted[]): Result<Map<string, number>> {
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
