import { readFile } from 'node:fs/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import type { Person } from '../support/person.ts';
import {
  aRun,
  newKey,
  registerBuyer,
  registerVendor,
  setStock,
  signIn,
  type StoryGraph,
  upload,
  type Vendor,
} from './cast.ts';
import { availableOf, completeCheckout, fillCart, payByCard, startCheckout } from './purchase.ts';
import { accepted, expectThat, type Report } from './report.ts';
import { generatedProducts } from './products.ts';

export interface StoryOptions {
  report: Report;
  /** NDJSON, one product a line; without it 500 products are made up. */
  productsFile?: string;
}

/** How soon after a change search, rating and streams must show it. */
const SOON_MS = 2_000;
const LIVE_MS = 10_000;
const IMPORT_MS = 180_000;

/** The main job of a marketplace from an empty shop to a reviewed purchase. Rejects at the first difference. */
export async function playStory(graph: StoryGraph, { report, productsFile }: StoryOptions): Promise<void> {
  const run = aRun();
  const people: Person[] = [];
  try {
    report.step(1, 'Two vendors open their shops');
    const operator = await signIn(graph, 'Olga Operator', graph.operator);
    const north = await registerVendor(graph, { name: 'North Lamps', run, operator, report });
    const south = await registerVendor(graph, { name: 'South Traders', run, operator, report });
    people.push(operator, north.person, south.person);
    const lamp = await publishProduct(north, operator, run, report);
    const bulk = await importProducts(south, productsFile, run, report);
    await setStock(south, bulk.offerId, [6, 4]);
    report.saw('both vendors set stock in two warehouses');

    report.step(2, 'A buyer looks around');
    const buyer = await registerBuyer(graph, 'Bea', run);
    people.push(buyer);
    await findByTypo(buyer, lamp, report);
    await openProductPage(buyer, lamp, report);

    report.step(3, 'Everybody watches');
    const northFeed = north.person.watch(operations.VendorOrderFeedDocument, { vendorId: north.id });
    const southFeed = south.person.watch(operations.VendorOrderFeedDocument, { vendorId: south.id });
    const stock = buyer.watch(operations.StockChangedDocument, { offerIds: [lamp.offerId, bulk.offerId] });
    await stock.find(
      ({ stockChanged: s }) => s.kind === 'SNAPSHOT' && s.offer.id === lamp.offerId,
      'the lamp in the snapshot',
    );
    await stock.find(
      ({ stockChanged: s }) => s.kind === 'SNAPSHOT' && s.offer.id === bulk.offerId,
      'the other in the snapshot',
    );
    await northFeed.find((event) => event.vendorOrderFeed.kind === 'SNAPSHOT', "the snapshot of North's orders");
    await southFeed.find((event) => event.vendorOrderFeed.kind === 'SNAPSHOT', "the snapshot of South's orders");
    report.saw('stockChanged and both vendorOrderFeed began with SNAPSHOT');

    report.step(4, 'The buyer pays for a cart of both vendors');
    const basket = await fillCart(buyer, [
      { offerId: lamp.offerId, quantity: 2 },
      { offerId: bulk.offerId, quantity: 1 },
    ]);
    const checkout = await startCheckout(buyer, basket);
    expectThat(
      (await availableOf(buyer, lamp.offerId)) === 6,
      'two lamps are reserved',
      await availableOf(buyer, lamp.offerId),
    );
    const status = buyer.watch(operations.OrderStatusChangedDocument, { orderId: checkout.orderId });
    const first = await status.find(() => true, 'the first event of the order');
    expectThat(first.orderStatusChanged.kind === 'SNAPSHOT', 'orderStatusChanged begins with SNAPSHOT', first);
    report.saw(
      `checkoutStart reserved the stock and made order ${checkout.orderId}; orderStatusChanged began with SNAPSHOT`,
    );
    await payByCard(graph, checkout, 'pm_card_visa');
    const completed = await completeCheckout(buyer, checkout);
    const order = accepted('checkoutComplete', completed.order, completed.userErrors);
    const confirmed = await status.find(
      (event) => event.orderStatusChanged.status === 'CONFIRMED',
      'CONFIRMED',
      LIVE_MS,
    );
    expectThat(Boolean(confirmed.orderStatusChanged.order.number), 'a confirmed order has a number', confirmed);
    report.saw(`paid by card, ${order.status} → CONFIRMED as ${confirmed.orderStatusChanged.order.number}`);

    report.step(5, 'Each vendor sees its own part');
    const placed = await northFeed.find((event) => event.vendorOrderFeed.type === 'PLACED', "North's order", LIVE_MS);
    const placedSouth = await southFeed.find(
      (event) => event.vendorOrderFeed.type === 'PLACED',
      "South's order",
      LIVE_MS,
    );
    const northOrder = placed.vendorOrderFeed.vendorOrder;
    const southOrder = placedSouth.vendorOrderFeed.vendorOrder;
    expectThat(northOrder !== null && southOrder !== null, 'PLACED carries the vendor order', [northOrder, southOrder]);
    expectThat(
      northOrder.lines.length === 1 && northOrder.lines[0]?.offer.id === lamp.offerId,
      'North sees its line only',
      northOrder,
    );
    expectThat(
      southOrder.lines.length === 1 && southOrder.lines[0]?.offer.id === bulk.offerId,
      'South sees its line only',
      southOrder,
    );
    const line = northOrder.lines[0]!;
    expectThat(line.offer.variant.product.title === lamp.title, 'the title comes from the catalog', line);
    expectThat(line.offer.availability?.available === 6, 'the stock left comes from inventory', line);
    expectThat(northOrder.settlement?.status === 'HELD', 'the settlement comes from payments', northOrder);
    expectThat(northOrder.order.buyer.displayName === 'Bea', "the buyer's name comes from accounts", northOrder);
    report.saw(
      `North saw "${lamp.title}" × ${line.quantity}, ${line.offer.availability?.available} left, ` +
        `${cents(northOrder.settlement.net)} held of ${cents(northOrder.settlement.gross)}, for ${northOrder.order.buyer.displayName}`,
    );
    await stock.find(
      ({ stockChanged: s }) => s.kind === 'LIVE' && s.offer.id === lamp.offerId && s.available === 6,
      '6 lamps left',
    );
    await stock.find(
      ({ stockChanged: s }) => s.kind === 'LIVE' && s.offer.id === bulk.offerId && s.available === 9,
      '9 of the other left',
    );
    report.saw('stockChanged arrived with the new availability of both');

    report.step(6, 'North ships and delivers, the buyer watches and reviews');
    const broken = buyer.watch(operations.OrderStatusChangedDocument, { orderId: checkout.orderId });
    await broken.find(() => true, 'the second stream');
    const { vendorOrderAccept } = await north.person.ask(operations.VendorOrderAcceptDocument, {
      id: northOrder.id,
      expectedVersion: northOrder.version,
    });
    accepted('vendorOrderAccept', vendorOrderAccept.vendorOrder, vendorOrderAccept.userErrors);
    const { fulfillmentCreate } = await north.person.ask(operations.FulfillmentCreateDocument, {
      input: { vendorOrderId: northOrder.id, lines: [{ lineId: line.id, quantity: line.quantity }] },
      idempotencyKey: newKey(),
    });
    const fulfillment = accepted('fulfillmentCreate', fulfillmentCreate.fulfillment, fulfillmentCreate.userErrors);
    await broken.find(
      (event) => event.orderStatusChanged.fulfillment !== null,
      'the new fulfilment on the second stream',
    );
    await broken.cut();
    const lastSeen = broken.events.at(-1)!.orderStatusChanged.cursor;
    const seenBefore = broken.events.map((event) => event.orderStatusChanged);
    for (const next of ['SHIPPED', 'IN_TRANSIT', 'DELIVERED'] as const) {
      const { fulfillmentStatusUpdate } = await north.person.ask(operations.FulfillmentStatusUpdateDocument, {
        input: { id: fulfillment.id, status: next },
      });
      accepted(next, fulfillmentStatusUpdate.fulfillment, fulfillmentStatusUpdate.userErrors);
      await status.find(
        (event) => event.orderStatusChanged.kind === 'LIVE' && event.orderStatusChanged.fulfillment?.status === next,
        `${next} on the buyer's stream`,
        LIVE_MS,
      );
      report.saw(`the buyer saw ${next}`);
    }
    await reviewPurchase(buyer, lamp, line.id, report);

    report.step(7, 'What goes wrong costs nobody anything');
    await declinedCard(graph, buyer, lamp, report);
    await moreThanThereIs(graph, run, lamp, report, people);

    report.step(8, 'A dropped client misses nothing');
    const resumed = buyer.watch(operations.OrderStatusChangedDocument, { orderId: checkout.orderId, after: lastSeen });
    const last = status.events.at(-1)!.orderStatusChanged.cursor;
    const cursorsOf = (events: { cursor: string }[]) => events.map(({ cursor }) => cursor);
    await resumed.find((event) => event.orderStatusChanged.cursor === last, 'the last event after resuming', LIVE_MS);
    const pieced = [
      ...cursorsOf(seenBefore.filter(({ kind }) => kind === 'LIVE')),
      ...cursorsOf(resumed.events.map((event) => event.orderStatusChanged)),
    ];
    const whole = cursorsOf(
      status.events.map((event) => event.orderStatusChanged).filter(({ kind }) => kind === 'LIVE'),
    );
    const expected = whole.slice(whole.indexOf(pieced[0]!));
    expectThat(
      JSON.stringify(pieced) === JSON.stringify(expected),
      'before and after the cut give the whole stream, each event once',
      { pieced, expected },
    );
    report.saw(`resumed after the cut: ${resumed.events.length} missed events came, none twice`);
  } finally {
    await Promise.all(people.map((person) => person.leave()));
  }
}

interface Listing {
  productId: string;
  offerId: string;
  title: string;
  brand: string;
  word: string;
}

async function publishProduct(vendor: Vendor, operator: Person, run: string, report: Report): Promise<Listing> {
  const { categoryUpsert } = await operator.ask(operations.CategoryUpsertDocument, {
    input: { slug: `story-lamps-${run}`, name: `Story lamps ${run}` },
  });
  const category = accepted('categoryUpsert', categoryUpsert.category, categoryUpsert.userErrors);
  const word = `Lumen${letters(run)}`;
  const title = `${word} brass reading lamp`;
  const brand = `North ${run}`;
  const { productCreate } = await vendor.person.ask(operations.ProductCreateDocument, {
    input: {
      vendorId: vendor.id,
      title,
      description: 'A lamp to read by, of solid brass.',
      categoryId: category.id,
      brand,
      variants: [{ title: 'Brass', weightGrams: 1_200 }],
    },
    idempotencyKey: newKey(),
  });
  const product = accepted('productCreate', productCreate.product, productCreate.userErrors);
  const { offerUpsert } = await vendor.person.ask(operations.OfferUpsertDocument, {
    input: {
      vendorId: vendor.id,
      variantId: product.variants[0]!.id,
      sku: `LAMP-${run}`,
      price: { amount: 4_900, currencyCode: 'EUR' },
    },
  });
  const offer = accepted('offerUpsert', offerUpsert.offer, offerUpsert.userErrors);
  await setStock(vendor, offer.id, [5, 3]);
  const { productSubmitForReview } = await vendor.person.ask(operations.ProductSubmitForReviewDocument, {
    id: product.id,
  });
  accepted('productSubmitForReview', productSubmitForReview.product, productSubmitForReview.userErrors);
  const { productModerate } = await operator.ask(operations.ProductModerateDocument, {
    input: { id: product.id, decision: 'APPROVE' },
  });
  const published = accepted('productModerate', productModerate.product, productModerate.userErrors);
  const begin = performance.now();
  expectThat(published.status === 'PUBLISHED', 'an approved product is PUBLISHED', published);
  await until(
    async () =>
      (await vendor.person.ask(operations.SearchDocument, { query: word, first: 5 })).searchProducts.edges.length > 0,
    { timeoutMs: SOON_MS, what: `"${word}" in the search within 2 s of its publication` },
  );
  report.saw(`North published "${title}"; searchable ${Math.round(performance.now() - begin)} ms later`);
  return { productId: product.id, offerId: offer.id, title, brand, word };
}

async function importProducts(
  vendor: Vendor,
  file: string | undefined,
  run: string,
  report: Report,
): Promise<{ offerId: string }> {
  const content = file ? await readFile(file, 'utf8') : generatedProducts(500, run);
  const rows = content.split('\n').filter((line) => line.trim() !== '').length;
  const uploadId = await upload(
    vendor.person,
    { filename: 'products.ndjson', contentType: 'application/x-ndjson' },
    content,
  );
  const begin = performance.now();
  const { catalogImportStart } = await vendor.person.ask(operations.CatalogImportStartDocument, {
    input: { vendorId: vendor.id, uploadId, format: 'JSONL' },
  });
  const started = accepted('catalogImportStart', catalogImportStart.import, catalogImportStart.userErrors);
  const progress = vendor.person.watch(operations.CatalogImportProgressDocument, { importId: started.id });
  const first = await progress.find(() => true, 'the first progress');
  expectThat(first.catalogImportProgress.kind === 'SNAPSHOT', 'catalogImportProgress begins with SNAPSHOT', first);
  const done = await progress.find(
    ({ catalogImportProgress: { import: state } }) => state.status === 'COMPLETED' || state.status === 'FAILED',
    'the end of the import',
    IMPORT_MS,
  );
  const { status, processed, failed } = done.catalogImportProgress.import;
  expectThat(status === 'COMPLETED' && processed === rows, `all ${rows} rows are processed`, done);
  const elapsedMs = performance.now() - begin;
  report.saw(
    `South imported ${processed} rows (${failed} refused) in ${(elapsedMs / 1_000).toFixed(1)} s, ${Math.round((rows / elapsedMs) * 1_000)} rows/s, ` +
      `watching ${progress.events.length} progress events`,
  );
  await progress.cut();
  const { vendor: shop } = await vendor.person.ask(operations.VendorOffersDocument, { vendorId: vendor.id, first: 1 });
  const offer = shop?.offers?.edges[0]?.node;
  expectThat(offer !== undefined, 'the imported offers are there', shop);
  return { offerId: offer.id };
}

async function findByTypo(buyer: Person, lamp: Listing, report: Report): Promise<void> {
  const typo = swapped(lamp.word);
  const { searchProducts } = await buyer.ask(operations.SearchDocument, { query: typo });
  expectThat(searchProducts.edges[0]?.node.id === lamp.productId, `"${typo}" finds "${lamp.word}"`, searchProducts);
  expectThat(Boolean(searchProducts.correctedQuery), 'the corrected query is told', searchProducts.correctedQuery);
  report.saw(`"${typo}" found "${lamp.title}" (meant: ${searchProducts.correctedQuery})`);
  const byBrand = await buyer.ask(operations.SearchDocument, { query: 'lamp', facets: ['brand'], first: 50 });
  const buckets = byBrand.searchProducts.facets.find(({ key }) => key === 'brand')?.buckets ?? [];
  expectThat(
    buckets.some(({ value }) => value === lamp.brand),
    'the brand is a facet',
    buckets,
  );
  const narrowed = await buyer.ask(operations.SearchDocument, {
    query: 'lamp',
    filter: { attributes: [{ key: 'brand', anyOf: [lamp.brand] }] },
  });
  expectThat(
    narrowed.searchProducts.edges.length === 1 && narrowed.searchProducts.edges[0]?.node.id === lamp.productId,
    'the facet narrows to the one product of the brand',
    narrowed.searchProducts.edges,
  );
  report.saw(`narrowed by the facet brand = ${lamp.brand} to 1 of ${byBrand.searchProducts.totalCount}`);
  const { searchSuggest } = await buyer.ask(operations.SearchSuggestDocument, { prefix: lamp.word.slice(0, 8) });
  expectThat(searchSuggest.length > 0, 'a prefix gives a suggestion', searchSuggest);
  report.saw(`"${lamp.word.slice(0, 8)}" suggested "${searchSuggest[0]?.text}"`);
}

async function openProductPage(buyer: Person, lamp: Listing, report: Report): Promise<void> {
  const { product } = await buyer.ask(operations.ProductPageDocument, { id: lamp.productId });
  const offer = product?.offers.edges[0]?.node;
  expectThat(product?.title === lamp.title && offer?.id === lamp.offerId, 'the page shows product and offer', product);
  expectThat(offer.availability?.available === 8, 'with the availability from inventory', offer);
  expectThat(offer.vendor.businessName === 'North Lamps', 'and the vendor from accounts', offer);
  expectThat(product.rating?.count === 0, 'and the rating from reviews', product.rating);
  report.saw(
    `product page: ${cents(offer.price)}, ${offer.availability.available} available, by ${offer.vendor.businessName}, no rating yet`,
  );
}

async function reviewPurchase(buyer: Person, lamp: Listing, orderLineId: string, report: Report): Promise<void> {
  const { review } = await until(
    async () => {
      const { reviewSubmit } = await buyer.ask(operations.ReviewSubmitDocument, {
        input: { orderLineId, target: 'PRODUCT', rating: 5, title: 'Bright', body: 'Reads itself.' },
      });
      return reviewSubmit.review && reviewSubmit.userErrors.length === 0 && reviewSubmit;
    },
    { timeoutMs: SOON_MS, what: 'the delivered line may be reviewed' },
  );
  const begin = performance.now();
  expectThat(review?.isVerifiedPurchase === true, 'the review is of a verified purchase', review);
  await until(
    async () =>
      (await buyer.ask(operations.ProductRatingDocument, { id: lamp.productId })).product?.rating?.count === 1,
    {
      timeoutMs: SOON_MS,
      what: 'the rating of the product',
    },
  );
  await until(
    async () => {
      const { searchProducts } = await buyer.ask(operations.SearchDocument, { query: lamp.word, first: 1 });
      return searchProducts.edges[0]?.node.rating?.count === 1;
    },
    { timeoutMs: SOON_MS, what: 'the rating in the search hit' },
  );
  report.saw(
    `reviewed as a verified purchase; rating and search hit showed it ${Math.round(performance.now() - begin)} ms later`,
  );
}

async function declinedCard(graph: StoryGraph, buyer: Person, lamp: Listing, report: Report): Promise<void> {
  const before = await availableOf(buyer, lamp.offerId);
  const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId: lamp.offerId, quantity: 1 }]));
  const status = buyer.watch(operations.OrderStatusChangedDocument, { orderId: checkout.orderId });
  await status.find(() => true, 'the snapshot of the second order');
  const refused = await payByCard(graph, checkout, 'pm_card_chargeDeclined').then(
    () => null,
    (error: unknown) => error,
  );
  expectThat(
    refused instanceof Error && /declined/i.test(refused.message),
    'the provider declines the card',
    String(refused),
  );
  const completed = await completeCheckout(buyer, checkout);
  const told = completed.userErrors.find(({ code }) => code === 'PAYMENT_DECLINED');
  expectThat(told !== undefined, 'the buyer is told that the card was declined', completed);
  await status.find((event) => event.orderStatusChanged.status === 'FAILED', 'FAILED on the stream', LIVE_MS);
  await until(async () => (await availableOf(buyer, lamp.offerId)) === before, {
    timeoutMs: LIVE_MS,
    what: 'the stock is back',
  });
  const { order } = await buyer.ask(operations.OrderDetailsDocument, { id: checkout.orderId });
  expectThat(order?.payment?.capturedAmount.amount === 0, 'nothing is charged', order?.payment);
  await status.cut();
  report.saw(`declined: "${told.message}"; nothing charged, ${before} available again, order FAILED`);
}

async function moreThanThereIs(
  graph: StoryGraph,
  run: string,
  lamp: Listing,
  report: Report,
  people: Person[],
): Promise<void> {
  const third = await registerBuyer(graph, 'Greta', run);
  people.push(third);
  const left = await availableOf(third, lamp.offerId);
  const basket = await fillCart(third, [{ offerId: lamp.offerId, quantity: left + 1 }]);
  const { checkoutStart } = await third.ask(operations.CheckoutStartDocument, {
    cartId: basket.cartId,
    idempotencyKey: newKey(),
  });
  const refusal = checkoutStart.userErrors[0];
  expectThat(refusal?.__typename === 'InsufficientStockError', 'too much is refused', checkoutStart);
  expectThat(
    refusal.offer.id === lamp.offerId && refusal.available === left,
    'with the offer and what is left',
    refusal,
  );
  report.saw(`a third buyer asked for ${left + 1}: InsufficientStockError, ${refusal.available} left`);
}

function cents({ amount, currencyCode }: { amount: number; currencyCode: string }): string {
  return `${(amount / 100).toFixed(2)} ${currencyCode}`;
}

/** Two neighbouring letters in the middle change places. */
function swapped(word: string): string {
  const at = Math.floor(word.length / 2);
  const to = word[at] === word[at + 1] ? at + 2 : at + 1;
  const letter = [...word];
  [letter[at], letter[to]] = [letter[to]!, letter[at]!];
  return letter.join('');
}

/** A run's hex digits as letters, so that they make a word nobody else has. */
function letters(run: string): string {
  return [...run].map((digit) => 'abcdefghiklmnopr'[Number.parseInt(digit, 16)]).join('');
}
