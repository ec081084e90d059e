import type { Outcome } from '../domain/outcome.ts';
import { type Actor, checkOwnsProduct } from '../domain/ownership.ts';
import { moveProduct, type ProductState } from '../domain/product.ts';
import { findProduct } from '../store/products.ts';
import { changeProduct } from './change-product.ts';
import { checkSeller } from './check-seller.ts';
import type { CommandDeps } from './command-deps.ts';

export async function submitProduct(
  deps: CommandDeps,
  { actor, id }: { actor: Actor; id: string },
): Promise<Outcome<ProductState>> {
  // Looked up before the transaction, so that none stays open while accounts is asked. Who submitted a product never changes.
  const owned = checkOwnsProduct(actor, await findProduct(deps.store, id));
  if (!owned.ok) return owned;
  const seller = await checkSeller(deps, owned.value.submittedBy);
  if (!seller.ok) return seller;
  return changeProduct(deps, { id, trace: actor.trace }, (found, { category, now }) => {
    const product = checkOwnsProduct(actor, found);
    if (!product.ok) return product;
    return moveProduct(product.value, 'SUBMIT', { now, definitions: category?.place.definitions ?? [] });
  });
}
