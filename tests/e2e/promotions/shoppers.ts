import type { PromotionInput } from '@marketgraph/schema/generated/operations';
import * as operations from '@marketgraph/schema/generated/operations';
import { newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { fillCart } from '../../story/purchase.ts';
import { accepted, silentReport as report } from '../../story/report.ts';
import type { TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { type Listing, listProduct } from '../../support/shop.ts';

/** Who makes codes, who uses them, and what they buy. */
export interface PromotionCast {
  operator: Person;
  vendor: Vendor;
  rival: Vendor;
  lamp: Listing;
  /** Makes a promotion, 10 % off everything unless told otherwise. */
  promote(more?: Partial<PromotionInput>, maker?: Person): Promise<{ id: string; code: string }>;
  tryPromote(input: PromotionInput, maker?: Person): Promise<string[]>;
  buyer(name: string): Promise<Person>;
  /** 100.00 in a cart that goes to Hamburg. */
  cart(buyer: Person): Promise<string>;
  apply(
    buyer: Person,
    cartId: string,
    code: string,
  ): Promise<operations.CartPromotionApplyMutation['cartPromotionApply']>;
  start(buyer: Person, cartId: string): Promise<Started>;
}

export interface Started {
  paymentId: string | null;
  codes: string[];
}

const START = `mutation($cartId: ID!, $key: IdempotencyKey!) { checkoutStart(cartId: $cartId, idempotencyKey: $key) {
  paymentId userErrors { code } } }`;

export async function aPromotionCast(market: TestMarketplace, run: string): Promise<PromotionCast> {
  const { graph } = market;
  const operator = await signIn(graph, 'Olga', market.operator);
  const vendor = await registerVendor(graph, { name: 'Cheap Lamps', run, operator, report });
  const rival = await registerVendor(graph, { name: 'Other Lamps', run, operator, report });
  const price = { amount: 10_000, currencyCode: 'EUR' };
  const lamp = await listProduct(vendor, operator, { title: 'Brass lamp', sku: `PROMO-${run}`, units: 500, price });
  let made = 0;
  const upsert = async (input: PromotionInput, maker: Person) =>
    (await maker.ask(operations.PromotionUpsertDocument, { input, idempotencyKey: newKey() })).promotionUpsert;

  return {
    operator,
    vendor,
    rival,
    lamp,
    async promote(more = {}, maker = operator) {
      made += 1;
      const code = `${run}-${made}A`.toUpperCase();
      const input = { code, name: 'Ten off', kind: 'PERCENTAGE' as const, basisPoints: 1_000, ...more };
      const { promotion, userErrors } = await upsert(input, maker);
      return accepted('promotionUpsert', promotion, userErrors);
    },
    tryPromote: async (input, maker = operator) => (await upsert(input, maker)).userErrors.map(({ code }) => code),
    buyer: (name) => registerBuyer(graph, name, run),
    cart: async (buyer) => (await fillCart(buyer, [{ offerId: lamp.offerId, quantity: 1 }])).cartId,
    apply: async (buyer, cartId, code) =>
      (await buyer.ask(operations.CartPromotionApplyDocument, { cartId, code })).cartPromotionApply,
    async start(buyer, cartId) {
      const { data, errors } = await ask<{
        checkoutStart: { paymentId: string | null; userErrors: { code: string }[] };
      }>(graph.url, START, { variables: { cartId, key: newKey() }, token: buyer.accessToken });
      if (!data) throw new Error(JSON.stringify(errors));
      const { paymentId, userErrors } = data.checkoutStart;
      return { paymentId, codes: userErrors.map(({ code }) => code) };
    },
  };
}
