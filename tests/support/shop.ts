import * as operations from '@marketgraph/schema/generated/operations';
import { newKey, setStock, type StoryGraph, type Vendor } from '../story/cast.ts';
import { completeCheckout, fillCart, payByCard, startCheckout, type StartedCheckout } from '../story/purchase.ts';
import { accepted, expectThat } from '../story/report.ts';
import type { Person } from './person.ts';

export interface Listing {
  productId: string;
  variantId: string;
  offerId: string;
  title: string;
}

/** A published product with one offer, and units of it in the vendor's first warehouse. */
export async function listProduct(
  vendor: Vendor,
  operator: Person,
  facts: { title: string; sku: string; units: number; price?: { amount: number; currencyCode: string } },
): Promise<Listing> {
  const { title, sku, units, price = { amount: 2_500, currencyCode: 'EUR' } } = facts;
  const { categoryUpsert } = await operator.ask(operations.CategoryUpsertDocument, {
    input: { slug: `goods-${sku.toLowerCase()}`, name: `Goods ${sku}` },
  });
  const category = accepted('categoryUpsert', categoryUpsert.category, categoryUpsert.userErrors);
  const { productCreate } = await vendor.person.ask(operations.ProductCreateDocument, {
    input: { vendorId: vendor.id, title, categoryId: category.id, brand: 'Test', variants: [{ title: 'One' }] },
    idempotencyKey: newKey(),
  });
  const product = accepted('productCreate', productCreate.product, productCreate.userErrors);
  const variantId = product.variants[0]!.id;
  const { offerUpsert } = await vendor.person.ask(operations.OfferUpsertDocument, {
    input: { vendorId: vendor.id, variantId, sku, price },
  });
  const offer = accepted('offerUpsert', offerUpsert.offer, offerUpsert.userErrors);
  await setStock(vendor, offer.id, [units]);
  const { productSubmitForReview } = await vendor.person.ask(operations.ProductSubmitForReviewDocument, {
    id: product.id,
  });
  accepted('productSubmitForReview', productSubmitForReview.product, productSubmitForReview.userErrors);
  const { productModerate } = await operator.ask(operations.ProductModerateDocument, {
    input: { id: product.id, decision: 'APPROVE' },
  });
  accepted('productModerate', productModerate.product, productModerate.userErrors);
  return { productId: product.id, variantId, offerId: offer.id, title };
}

/** A paid and confirmed order of these lines. */
export async function buy(
  graph: StoryGraph,
  buyer: Person,
  lines: { offerId: string; quantity: number }[],
): Promise<StartedCheckout> {
  const checkout = await startCheckout(buyer, await fillCart(buyer, lines));
  await payByCard(graph, checkout, 'pm_card_visa');
  const completed = await completeCheckout(buyer, checkout);
  const order = accepted('checkoutComplete', completed.order, completed.userErrors);
  expectThat(order.status === 'CONFIRMED', 'a paid order is CONFIRMED', order);
  return checkout;
}
