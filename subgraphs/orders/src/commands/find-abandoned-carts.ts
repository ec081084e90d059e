import type { Cart } from '../domain/cart.ts';
import { backupsTouchedBefore } from '../store/cart-backups.ts';
import type { Services } from './services.ts';

/** Copies read for one page at most: of most of them the owner has not come back. */
const MAX_BATCHES = 10;

export interface AbandonedCarts {
  carts: Cart[];
  /** The copy where the search was cut off; the next page goes on behind it. */
  cutOffAt?: Cart;
}

/**
 * Carts with something in them that nobody has touched since `before`, last
 * left first. Found by their copies; a cart that was touched after it was
 * copied is not abandoned and is left out.
 */
export async function findAbandonedCarts(
  { carts, orm }: Pick<Services, 'carts' | 'orm'>,
  { before, after, limit }: { before: Date; after?: { touchedAt: Date; cartId: string }; limit: number },
): Promise<AbandonedCarts> {
  const found: Cart[] = [];
  let from = after;
  for (let batch = 1; ; batch += 1) {
    const copies = await backupsTouchedBefore(orm.em.fork(), { touchedBefore: before, after: from, limit });
    const live = await Promise.all(copies.map((copy) => carts.read(copy.id)));
    for (const [index, copy] of copies.entries()) {
      const now = live[index];
      // Not in Redis any more: the copy is the cart.
      if (now && now.version !== copy.version) continue;
      found.push(copy);
      if (found.length === limit) return { carts: found };
    }
    const last = copies.at(-1);
    if (copies.length < limit || !last) return { carts: found };
    if (batch === MAX_BATCHES) return { carts: found, cutOffAt: last };
    from = { touchedAt: new Date(last.updatedAt), cartId: last.id };
  }
}
