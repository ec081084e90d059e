import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import type { Person } from '../support/person.ts';
import { newKey, registerBuyer, type StoryGraph } from './cast.ts';
import { type Listing, SOON_MS } from './listing.ts';
import { availableOf, completeCheckout, fillCart, payByCard, startCheckout } from './purchase.ts';
import { expectThat, type Report } from './report.ts';

/** How soon a stream must tell. */
export const LIVE_MS = 10_000;

export async function findByTypo(buyer: Person, lamp: Listing, report: Report): Promise<void> {
  const typo = swapped(lamp.word);
  const { searchProducts } = await buyer.ask(operations.SearchDocument, { query: typo });
  expectThat(searchProducts.edges[0]?.node.id === lamp.productId, `"${typo}" finds "${lamp.word}"`, searchProducts);
  expectThat(Boolean(searchProducts.correctedQuery), 'the corrected query is told', searchProducts.correctedQuery);
  report.saw(`"${typo}" found "${lamp.title}" (meant: ${searchProducts.correctedQuery})`);
  // Of a word that few have: a facet shows the most frequent values, and in a full shop there are more lamps than that.
  const byBrand = await buyer.ask(operations.SearchDocument, { query: lamp.word, facets: ['brand'], first: 50 });
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
  report.saw(`"lamp" narrowed by the facet brand = ${lamp.brand} to 1`);
  const finish = [{ key: 'finish', anyOf: ['Polished'] }];
  const polished = await buyer.ask(operations.SearchDocument, {
    query: lamp.word,
    facets: ['attributes.finish'],
    filter: { attributes: finish },
  });
  const bySku = await buyer.ask(operations.SearchDocument, { query: lamp.sku.toLowerCase() });
  for (const { edges, facets } of [polished.searchProducts, bySku.searchProducts]) {
    const found = edges.map(({ node, matchedOffer }) => [node.id, matchedOffer?.id]);
    expectThat(found.join() === [lamp.productId, lamp.offerId].join(), 'its option and its sku find the lamp', found);
    const [option] = facets.find(({ key }) => key === 'attributes.finish')?.buckets ?? [
      { value: 'Polished', count: 1 },
    ];
    expectThat(option?.value === 'Polished' && option.count === 1, 'the option is a facet', facets);
  }
  report.saw(`the option finish = Polished and the sku ${lamp.sku} found it, too`);
  const { searchSuggest } = await buyer.ask(operations.SearchSuggestDocument, { prefix: lamp.word.slice(0, 8) });
  expectThat(searchSuggest.length > 0, 'a prefix gives a suggestion', searchSuggest);
  report.saw(`"${lamp.word.slice(0, 8)}" suggested "${searchSuggest[0]?.text}"`);
}

export async function openProductPage(buyer: Person, lamp: Listing, report: Report): Promise<void> {
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

export async function reviewPurchase(buyer: Person, lamp: Listing, orderLineId: string, report: Report): Promise<void> {
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

export async function declinedCard(graph: StoryGraph, buyer: Person, lamp: Listing, report: Report): Promise<void> {
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

export async function moreThanThereIs(
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

export function cents({ amount, currencyCode }: { amount: number; currencyCode: string }): string {
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
