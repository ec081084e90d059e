import type { EntityManager } from '@marketgraph/platform/postgres';
import type { LedgerOffer } from '../domain/stock-ledger.ts';

export interface OfferRow {
  offerId: string;
  vendorId: string;
  sku: string;
  variantId: string;
  lowStockThreshold: number;
  /** Of the newest change of its stock. */
  sequence: number;
}

const COLUMNS = `offer_id as "offerId", vendor_id as "vendorId", sku, variant_id as "variantId",
  low_stock_threshold as "lowStockThreshold", sequence::float8 as sequence`;

export async function findOffers(em: EntityManager, offerIds: readonly string[]): Promise<OfferRow[]> {
  if (offerIds.length === 0) return [];
  return em.execute<OfferRow[]>(`select ${COLUMNS} from offer where offer_id in (?) and kind = 'OFFER'`, [
    [...offerIds],
  ]);
}

/** Which of these can be reserved: offers and allowances. */
export async function knownItems(em: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await em.execute<{ id: string }[]>('select offer_id as id from offer where offer_id in (?)', [[...ids]]);
  return new Set(rows.map(({ id }) => id));
}

/**
 * Offers as the catalog says they are, one statement for any number. Concurrency: a sequence already passed is a late or
 * repeated event and changes nothing, the newest of several for one offer counts; one that was asked for has the
 * sequence 0, and stands until the first event. In the order of their ids, as `lockOffers` takes them.
 */
export async function saveOffers(
  em: EntityManager,
  offers: readonly Omit<OfferRow, 'lowStockThreshold'>[],
): Promise<void> {
  if (offers.length === 0) return;
  await em.execute(
    `insert into offer (offer_id, vendor_id, sku, variant_id, catalog_sequence)
     select distinct on ("offerId") "offerId", "vendorId", sku, "variantId", sequence
       from jsonb_to_recordset(?::jsonb) as offer("offerId" text, "vendorId" text, sku text, "variantId" text, sequence bigint)
      order by "offerId", sequence desc
     on conflict (offer_id) do update set vendor_id = excluded.vendor_id, sku = excluded.sku,
       variant_id = excluded.variant_id, catalog_sequence = excluded.catalog_sequence
     where offer.catalog_sequence < excluded.catalog_sequence`,
    [JSON.stringify(offers)],
  );
}

/** Keyset by offer id, on offer_vendor. */
export async function offersOfVendor(
  em: EntityManager,
  vendorId: string,
  { limit, after }: { limit: number; after: string },
): Promise<OfferRow[]> {
  return em.execute<OfferRow[]>(
    `select ${COLUMNS} from offer where vendor_id = ? and offer_id > ? order by offer_id limit ?`,
    [vendorId, after, limit],
  );
}

/** On offer_vendor_sku. */
export async function offersBySku(
  em: EntityManager,
  vendorId: string,
  skus: readonly string[],
): Promise<Map<string, OfferRow>> {
  if (skus.length === 0) return new Map();
  const rows = await em.execute<OfferRow[]>(`select ${COLUMNS} from offer where vendor_id = ? and sku in (?)`, [
    vendorId,
    [...new Set(skus)],
  ]);
  return new Map(rows.map((row) => [row.sku, row]));
}

export async function offersOfVariants(em: EntityManager, variantIds: readonly string[]): Promise<OfferRow[]> {
  if (variantIds.length === 0) return [];
  return em.execute<OfferRow[]>(`select ${COLUMNS} from offer where variant_id in (?)`, [[...variantIds]]);
}

interface LockedRow extends Omit<LedgerOffer, 'sequence' | 'allowance'> {
  sequence: string;
  allowed: number | null;
  granted: number | null;
  allowedSequence: string | null;
}

/** What a change needs of an offer: it is of every column, so that whoever waits for its lock reads it as it is then. */
const LOCKED = `offer_id as "offerId", vendor_id as "vendorId", low_stock_threshold as "lowStockThreshold", sequence,
  allowed, granted, allowed_sequence as "allowedSequence"`;

/**
 * Locks the rows of these offers, and of those that these reservations are of, in the order of their ids. Every change of
 * stock begins with this, so changes of one offer follow one another, two changes of several offers never wait for each
 * other in a circle, and each event of an offer gets the next number. Which offers a reservation is of never changes.
 */
export async function lockOffers(
  em: EntityManager,
  offerIds: readonly string[],
  reservationIds: readonly string[] = [],
): Promise<LedgerOffer[]> {
  if (offerIds.length === 0 && reservationIds.length === 0) return [];
  const [query, parameters] = lockingOffers(offerIds, reservationIds);
  return lockedOffersIn(await em.execute<unknown[]>(query, parameters));
}

/** The statement of `lockOffers`, for whoever sends it with others: of one offer or reservation at least. */
export function lockingOffers(
  offerIds: readonly string[],
  reservationIds: readonly string[],
): [query: string, parameters: unknown[]] {
  const { condition, parameters } = amongOffers(offerIds, reservationIds);
  return [`select ${LOCKED} from offer where offer_id ${condition} order by offer_id for update`, parameters];
}

/** What its rows say. */
export function lockedOffersIn(rows: readonly unknown[]): LedgerOffer[] {
  return (rows as LockedRow[]).map(toLocked);
}

/**
 * These offers, and those that these reservations are of. A list that is made first, not a join: whoever waited for a lock is
 * asked again whether the row is meant, and with some plans of a join (`Unique` below it) the server then says it is not,
 * so that of what was asked for only what nobody had locked would be there.
 */
export function amongOffers(
  offerIds: readonly string[],
  reservationIds: readonly string[],
): { condition: string; parameters: unknown[] } {
  const ids = [...new Set(offerIds)];
  if (reservationIds.length === 0) return { condition: 'in (?)', parameters: [ids] };
  const condition = `= any(array(select offer_id from reservation_line where reservation_id in (?)
                                   union all select jsonb_array_elements_text(?::jsonb)))`;
  return { condition, parameters: [[...reservationIds], JSON.stringify(ids)] };
}

function toLocked({ sequence, allowed, granted, allowedSequence, ...row }: LockedRow): LedgerOffer {
  const allowance =
    allowed === null || granted === null ? null : { allowed, granted, sequence: Number(allowedSequence) };
  return { ...row, sequence: Number(sequence), allowance };
}
