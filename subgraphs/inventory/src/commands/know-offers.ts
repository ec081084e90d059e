import { knownItems, saveOffers } from '../store/offers.ts';
import type { CommandDeps } from './deps.ts';
import { setAllowance } from './set-allowance.ts';

/** Which of these offers and allowances exist. One whose event is still on its way is asked for once and kept. */
export async function knowOffers(deps: CommandDeps, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const em = deps.orm.em.fork();
  const known = await knownItems(em, ids);
  const missing = [...new Set(ids)].filter((id) => !known.has(id));
  if (missing.length === 0) return known;
  const { offers, allowances } = await deps.offerSource.find(missing);
  await saveOffers(
    em,
    offers.map((offer) => ({ ...offer, sequence: 0 })),
  );
  for (const allowance of allowances) await setAllowance(deps, { ...allowance, sequence: 0 });
  return new Set([
    ...known,
    ...offers.map(({ offerId }) => offerId),
    ...allowances.map(({ allowanceId }) => allowanceId),
  ]);
}
