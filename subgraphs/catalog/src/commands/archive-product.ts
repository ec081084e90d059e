import { type Outcome, versionMismatch } from '../domain/outcome.ts';
import { type Actor, checkOwnsProduct } from '../domain/ownership.ts';
import { moveProduct, type ProductState } from '../domain/product.ts';
import { changeProduct } from './change-product.ts';
import { closeCaseOf } from './close-case.ts';
import type { CommandDeps, Work } from './command-deps.ts';

/** The end of a product: hidden from everybody but its vendor, and its offers with it. */
export async function archiveProduct(
  deps: CommandDeps,
  { actor, id, expectedVersion }: { actor: Actor; id: string; expectedVersion: number },
): Promise<Outcome<ProductState>> {
  const also = async (_next: ProductState, { transaction: { session } }: Work, now: Date) => {
    await closeCaseOf(deps.store, id, { decision: 'ARCHIVED', by: actor.userId, now }, session);
  };
  return changeProduct(deps, { id, trace: actor.trace, also }, (found, { now }) => {
    const product = checkOwnsProduct(actor, found);
    if (!product.ok) return product;
    if (product.value.version !== expectedVersion) return versionMismatch(product.value.version);
    return moveProduct(product.value, 'ARCHIVE', { now });
  });
}
