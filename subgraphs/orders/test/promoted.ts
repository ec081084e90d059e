import type { UserViewer } from '@marketgraph/platform/graphql';
import { testIds } from '@marketgraph/platform/testing';
import type { PromotionAnswer } from '../src/clients/promotion-answer.ts';
import type { OrdersHarness } from './orders-harness.ts';

const ids = testIds();
let made = 0;

/** Puts a promotion into the catalog, 10 % off everything unless told otherwise. */
export function aCode(h: OrdersHarness, overrides: Partial<PromotionAnswer> = {}): PromotionAnswer {
  made += 1;
  const promotion: PromotionAnswer = {
    id: ids.next('prm'),
    code: `CODE-${made}`,
    name: 'Money off',
    status: 'ACTIVE',
    kind: 'PERCENTAGE',
    basisPoints: 1_000,
    buyQuantity: null,
    getQuantity: null,
    amount: null,
    minimumSubtotal: null,
    vendor: null,
    categoryIds: [],
    productIds: [],
    offerIds: [],
    primeOnly: false,
    combinable: false,
    usageLimit: null,
    usageLimitPerBuyer: null,
    usageCount: 0,
    ...overrides,
  };
  h.peers.promotions.set(promotion.id, promotion);
  if (promotion.usageLimit !== null) h.peers.inventory.stock(promotion.id, promotion.usageLimit);
  return promotion;
}

export interface PromotedCart {
  id: string;
  discountTotal: { amount: number };
  shippingTotal: { amount: number };
  total: { amount: number; currencyCode: string };
  promotionCodes: string[];
  promotions: { code: string; amount: { amount: number }; shippingAmount: { amount: number } }[];
  warnings: { code: string; message: string; line: { id: string } | null }[];
}

interface Answer {
  cart: PromotedCart | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const CART = `id discountTotal { amount } shippingTotal { amount } total { amount currencyCode } promotionCodes
  promotions { code amount { amount } shippingAmount { amount } } warnings { code message line { id } }`;
const APPLY = `mutation($cartId: ID!, $code: String!, $token: String) {
  answer: cartPromotionApply(cartId: $cartId, code: $code, token: $token) { cart { ${CART} } userErrors { code message field } } }`;
const REMOVE = `mutation($cartId: ID!, $code: String!) {
  answer: cartPromotionRemove(cartId: $cartId, code: $code) { cart { ${CART} } userErrors { code message field } } }`;
const READ = `query($id: ID!, $token: String) { cart(id: $id, token: $token) { ${CART} } }`;

export function couponing(h: OrdersHarness, viewer: Parameters<OrdersHarness['run']>[0] | UserViewer) {
  return {
    apply: async (cartId: string, code: string, token?: string) =>
      (await h.run<{ answer: Answer }>(viewer, APPLY, { cartId, code, token })).answer,
    remove: async (cartId: string, code: string) =>
      (await h.run<{ answer: Answer }>(viewer, REMOVE, { cartId, code })).answer,
    cart: async (id: string, token?: string) => (await h.run<{ cart: PromotedCart }>(viewer, READ, { id, token })).cart,
  };
}
