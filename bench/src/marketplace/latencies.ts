import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import {
  aRun,
  newKey,
  registerBuyer,
  registerVendor,
  setStock,
  signIn,
  type StoryGraph,
} from '@marketgraph/tests/story/cast';
import { fillCart, payByCard, startCheckout } from '@marketgraph/tests/story/purchase';
import { accepted, silentReport } from '@marketgraph/tests/story/report';

export interface Latencies {
  searchableMs: number[];
  confirmedMs: number[];
  eventMs: number[];
}

/** How often each is looked at. */
export interface Times {
  published: number;
  orders: number;
  events: number;
}

/** How long after the fact: a published product in the search, a paid order confirmed, a stock change at a client. */
export async function measureLatencies(graph: StoryGraph, times: Times): Promise<Latencies> {
  const run = aRun();
  const operator = await signIn(graph, 'Operator', graph.operator);
  const vendor = await registerVendor(graph, { name: 'Bench', run, operator, report: silentReport });
  const buyer = await registerBuyer(graph, 'Buyer', run);
  const { categoryUpsert } = await operator.ask(operations.CategoryUpsertDocument, {
    input: { slug: `bench-${run}`, name: `Bench ${run}` },
  });
  const categoryId = accepted('category', categoryUpsert.category, categoryUpsert.userErrors).id;

  const searchableMs: number[] = [];
  const offers: string[] = [];
  for (let n = 0; n < times.published; n += 1) {
    const word = `bench${run}x${n}`;
    const { productCreate } = await vendor.person.ask(operations.ProductCreateDocument, {
      input: { vendorId: vendor.id, title: word, categoryId, variants: [{ title: 'One' }] },
      idempotencyKey: newKey(),
    });
    const product = accepted('product', productCreate.product, productCreate.userErrors);
    const { offerUpsert } = await vendor.person.ask(operations.OfferUpsertDocument, {
      input: {
        vendorId: vendor.id,
        variantId: product.variants[0]!.id,
        sku: word,
        price: { amount: 1_000, currencyCode: 'EUR' },
      },
    });
    const offerId = accepted('offer', offerUpsert.offer, offerUpsert.userErrors).id;
    await setStock(vendor, offerId, [1_000]);
    await vendor.person.ask(operations.ProductSubmitForReviewDocument, { id: product.id });
    await operator.ask(operations.ProductModerateDocument, { input: { id: product.id, decision: 'APPROVE' } });
    const begin = performance.now();
    await until(
      async () =>
        (await buyer.ask(operations.SearchDocument, { query: word, first: 1 })).searchProducts.edges.length > 0,
      { intervalMs: 5, what: word },
    );
    searchableMs.push(performance.now() - begin);
    offers.push(offerId);
  }

  const confirmedMs: number[] = [];
  for (let n = 0; n < times.orders; n += 1) {
    const basket = await fillCart(buyer, [{ offerId: offers[n % offers.length]!, quantity: 1 }]);
    const checkout = await startCheckout(buyer, basket);
    const status = buyer.watch(operations.OrderStatusChangedDocument, { orderId: checkout.orderId });
    await status.find(() => true, 'the snapshot');
    await payByCard(graph, checkout, 'pm_card_visa');
    const begin = performance.now();
    // Nobody completes it: the provider's webhook alone brings it to its end.
    await status.find((event) => event.orderStatusChanged.status === 'CONFIRMED', 'CONFIRMED');
    confirmedMs.push(performance.now() - begin);
    await status.cut();
  }

  const eventMs: number[] = [];
  const offerId = offers[0]!;
  const stock = buyer.watch(operations.StockChangedDocument, { offerIds: [offerId] });
  await stock.find(() => true, 'the snapshot');
  for (let n = 0; n < times.events; n += 1) {
    const seen = stock.events.length;
    await vendor.person.ask(operations.InventoryAdjustDocument, {
      input: { offerId, warehouseId: vendor.warehouses[0]!, delta: 1, reason: 'RECEIPT' },
      idempotencyKey: newKey(),
    });
    await until(() => stock.events.length > seen, { intervalMs: 1, what: 'the event' });
    eventMs.push(Date.now() - Date.parse(stock.events.at(-1)!.stockChanged.occurredAt));
  }
  await Promise.all([operator, vendor.person, buyer].map((person) => person.leave()));
  return { searchableMs, confirmedMs, eventMs };
}
