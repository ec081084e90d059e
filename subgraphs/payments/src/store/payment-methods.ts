import type { Ids } from '@marketgraph/platform/core';
import { type EntityManager, executeAlong } from '@marketgraph/platform/postgres';
import type { MethodSummary } from '../domain/payment.ts';
import { MethodRow } from './payment.entity.ts';

/** One row per user and card as its owner would tell it apart; paying again only moves it up. */
export async function rememberMethod(
  em: EntityManager,
  userId: string,
  { kind, brand, last4, expiry }: MethodSummary,
  { ids, now }: { ids: Ids; now: Date },
): Promise<void> {
  await executeAlong(
    em,
    `insert into payment_method (id, user_id, kind, brand, last4, expiry, last_used_at) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (user_id, kind, brand, last4, expiry) do update set last_used_at = excluded.last_used_at`,
    [ids.next('pmt'), userId, kind, brand, last4, expiry, now.toISOString()],
  );
}

/** More cards than this are not shown. */
const MAX_METHODS = 50;

/** Last used first, per user; the unique index begins with the user. */
export async function findMethodsOf(em: EntityManager, userIds: readonly string[]): Promise<MethodRow[]> {
  return em.find(
    MethodRow,
    { userId: { $in: [...userIds] } },
    { orderBy: { lastUsedAt: 'desc' }, limit: MAX_METHODS * userIds.length },
  );
}

/** Of its owner alone: somebody else's reads like one that nobody has. */
export async function findMethodOf(em: EntityManager, userId: string, id: string): Promise<MethodRow | null> {
  return em.findOne(MethodRow, { id, userId });
}

export async function forgetMethod(em: EntityManager, userId: string, id: string): Promise<void> {
  await em.execute('delete from payment_method where id = ? and user_id = ?', [id, userId]);
}

/** The provider's name for a user who has had a method kept. */
export async function findCustomerOf(em: EntityManager, userId: string): Promise<string | null> {
  const [row] = await em.execute<{ provider_reference: string }[]>(
    'select provider_reference from payment_customer where user_id = ?',
    [userId],
  );
  return row?.provider_reference ?? null;
}

/** One per user: whoever was second keeps to the first. */
export async function addCustomer(
  em: EntityManager,
  { userId, reference, now }: { userId: string; reference: string; now: Date },
): Promise<string> {
  await em.execute(
    `insert into payment_customer (user_id, provider_reference, created_at) values (?, ?, ?)
     on conflict (user_id) do nothing`,
    [userId, reference, now.toISOString()],
  );
  return (await findCustomerOf(em, userId))!;
}
