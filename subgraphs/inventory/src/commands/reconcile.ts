import type { CommandDeps } from './deps.ts';
import { availabilityOf } from '../store/levels.ts';
import { offersOfVendor } from '../store/offers.ts';
import { recount } from './admit-stock.ts';

export interface Drift {
  offerId: string;
  counter: number;
  ledger: number;
}

const PAGE = 500;
/** A report longer than this says enough. */
const MAX_DRIFTS = 1_000;

/** Offers whose counter in front says another number than the database. Offers without a counter have none. */
export async function findDrift(deps: CommandDeps, vendorId: string | null): Promise<Drift[]> {
  const drifts: Drift[] = [];
  for await (const offerIds of pagesOf(deps, vendorId)) {
    const counters = await deps.counter.read(offerIds);
    const rows = await availabilityOf(deps.orm.em.fork(), offerIds);
    const ledgers = new Map(rows.map((row) => [row.offerId, row.onHand - row.reserved]));
    for (const [offerId, counter] of counters) {
      const ledger = ledgers.get(offerId) ?? 0;
      if (counter !== ledger && drifts.length < MAX_DRIFTS) drifts.push({ offerId, counter, ledger });
    }
  }
  return drifts;
}

/** Puts the counters right and resolves to what was wrong. */
export async function reconcile(deps: CommandDeps, vendorId: string | null): Promise<Drift[]> {
  const drifts = await findDrift(deps, vendorId);
  if (drifts.length > 0)
    await recount(
      deps,
      drifts.map(({ offerId }) => offerId),
    );
  return drifts;
}

async function* pagesOf({ orm }: CommandDeps, vendorId: string | null): AsyncGenerator<string[]> {
  let after = '';
  for (;;) {
    const em = orm.em.fork();
    const ids = vendorId
      ? (await offersOfVendor(em, vendorId, { limit: PAGE, after })).map(({ offerId }) => offerId)
      : (
          await em.execute<{ id: string }[]>(
            'select offer_id as id from offer where offer_id > ? order by offer_id limit ?',
            [after, PAGE],
          )
        ).map(({ id }) => id);
    if (ids.length === 0) return;
    yield ids;
    after = ids.at(-1)!;
  }
}
