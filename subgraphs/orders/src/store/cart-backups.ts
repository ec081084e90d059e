import { type Database, type EntityManager, executeAlong } from '@marketgraph/platform/postgres';
import type { Cart } from '../domain/cart.ts';

/** Keeps the newest version: a slow writer never puts an older cart over a newer one. */
export async function backUpCart(orm: Database, cart: Cart): Promise<void> {
  await orm.em.fork().execute(
    `insert into cart_backup (cart_id, buyer_id, document, version, touched_at) values (?, ?, ?::jsonb, ?, ?)
     on conflict (cart_id) do update
       set buyer_id = excluded.buyer_id, document = excluded.document, version = excluded.version,
           touched_at = excluded.touched_at
       where cart_backup.version < excluded.version`,
    [cart.id, cart.buyerId, JSON.stringify(cart), cart.version, cart.updatedAt],
  );
}

export async function readCartBackup(orm: Database, cartId: string): Promise<Cart | undefined> {
  const [row] = await orm.em
    .fork()
    .execute<{ document: Cart }[]>('select document from cart_backup where cart_id = ?', [cartId]);
  return row?.document;
}

/** The cart a user left last. Index: cart_backup_buyer. */
export async function latestCartBackup(orm: Database, buyerId: string): Promise<Cart | undefined> {
  const [row] = await orm.em
    .fork()
    .execute<{ document: Cart }[]>(
      'select document from cart_backup where buyer_id = ? order by touched_at desc limit 1',
      [buyerId],
    );
  return row?.document;
}

/** In the caller's transaction, where there is one. */
export async function dropCartBackup(em: EntityManager, cartId: string): Promise<void> {
  await executeAlong(em, 'delete from cart_backup where cart_id = ?', [cartId]);
}

/** Carts nobody will ask for any more. Index: cart_backup_touched. */
export async function dropCartBackupsBefore(em: EntityManager, before: Date): Promise<void> {
  await em.execute('delete from cart_backup where touched_at < ?', [before.toISOString()]);
}

export interface CartPage {
  touchedBefore: Date;
  after?: { touchedAt: Date; cartId: string };
  limit: number;
}

/** Copies of carts with something in them, last left first. Index: cart_backup_touched. */
export async function backupsTouchedBefore(
  em: EntityManager,
  { touchedBefore, after, limit }: CartPage,
): Promise<Cart[]> {
  const rows = await em.execute<{ document: Cart }[]>(
    `select document from cart_backup
     where touched_at <= ?::timestamptz${after ? ' and (touched_at, cart_id) < (?::timestamptz, ?)' : ''}
       and document ->> 'status' = 'OPEN' and jsonb_array_length(document -> 'lines') > 0
     order by touched_at desc, cart_id desc limit ?`,
    [touchedBefore.toISOString(), ...(after ? [after.touchedAt.toISOString(), after.cartId] : []), limit],
  );
  return rows.map((row) => row.document);
}
