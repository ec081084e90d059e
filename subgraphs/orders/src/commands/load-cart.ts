import { timingSafeEqual } from 'node:crypto';
import { isId } from '@marketgraph/platform/core';
import { type Cart, expiresAt } from '../domain/cart.ts';
import { latestCartBackup, readCartBackup } from '../store/cart-backups.ts';
import type { Services } from './services.ts';

/** Who wants to use a cart: its user, or who knows the token of a guest's. */
export interface CartUser {
  userId: string | null;
  token?: string | null;
  /** Those the user may buy for. */
  organizationIds?: readonly string[];
}

type CartServices = Pick<Services, 'carts' | 'orm' | 'clock'>;

/** The cart, from Redis or else from its backup; undefined when there is none or its days are over. */
export async function loadCart(services: CartServices, cartId: string): Promise<Cart | undefined> {
  // What is no id of ours never becomes a part of a key.
  if (!isId(cartId, 'crt')) return undefined;
  const { carts, orm, clock } = services;
  const live = await carts.read(cartId);
  if (live) return live;
  const saved = await readCartBackup(orm, cartId);
  if (!saved || expiresAt(saved) <= clock.now()) return undefined;
  // Put back as it was; when somebody else did so first, theirs counts.
  if (await carts.replace(saved, 0)) return saved;
  return (await carts.read(cartId)) ?? saved;
}

/** The open cart of a user, also after Redis has forgotten which it was. */
export async function loadActiveCart(services: CartServices, userId: string): Promise<Cart | undefined> {
  const { carts, orm, clock } = services;
  const activeId = await carts.activeOf(userId);
  if (activeId) return openOnly(await loadCart(services, activeId));
  const saved = await latestCartBackup(orm, userId);
  if (!saved || saved.status !== 'OPEN' || expiresAt(saved) <= clock.now()) return undefined;
  return openOnly(await loadCart(services, await carts.claimActive(userId, saved.id)));
}

export function mayUse(cart: Cart, { userId, token }: CartUser): boolean {
  if (cart.buyerId !== null) return cart.buyerId === userId;
  return typeof token === 'string' && cart.token !== null && isSameSecret(token, cart.token);
}

function openOnly(cart: Cart | undefined): Cart | undefined {
  return cart?.status === 'OPEN' ? cart : undefined;
}

function isSameSecret(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}
