import type { EventEnvelope, EventHandler, TogetherHandler } from '@marketgraph/platform/messaging';
import {
  personalizationChanged,
  type PersonalizationChanged,
  vendorChanged,
  type VendorChanged,
} from '@marketgraph/schema/events/accounts';
import {
  offerChanged,
  type OfferChanged,
  productChanged,
  type ProductChanged,
} from '@marketgraph/schema/events/catalog';
import { stockChanged, type StockChanged } from '@marketgraph/schema/events/inventory';
import { orderConfirmed, type OrderConfirmed } from '@marketgraph/schema/events/orders';
import { ratingChanged, type RatingChanged } from '@marketgraph/schema/events/reviews';
import { factsText, offerStep, vendorText } from '../commands/take-over-sources.ts';
import { WEIGHTS } from '../domain/trend.ts';
import { boughtTogetherSteps, interestSteps } from '../store/interest.ts';
import { personalizationSteps } from '../store/taste.ts';
import type { RedisTransaction } from '../store/redis-inbox.ts';
import type { Step } from '../store/source-model.ts';

/** An order of hundreds of different things says little about any two of them. */
const MAX_COMPANIONS_PER_ORDER = 50;

type Handler = EventHandler<RedisTransaction>;

/** What search takes from the others; the indexer makes documents of it. */
export const handlers: Readonly<Record<string, Handler>> = {
  [personalizationChanged.name]: handle<PersonalizationChanged>(({ userId, isPersonalized }, _, steps) => {
    steps.push(...personalizationSteps(userId, isPersonalized));
  }),
  [vendorChanged.name]: handle<VendorChanged>((payload, { sequence }, steps) => {
    steps.push(['vendor', payload.vendorId, sequence, vendorText(payload)]);
  }),
  [productChanged.name]: handle<ProductChanged>((payload, { sequence }, steps) => {
    steps.push(['product', payload.productId, sequence, factsText(payload)]);
  }),
  [offerChanged.name]: handle<OfferChanged>((payload, { sequence }, steps) => {
    const { offerId, productId, vendorId, status, price, sku, variantId } = payload;
    const facts = { vendorId, status, ...price, sku, variantId };
    steps.push(offerStep({ id: offerId, version: sequence, facts }, productId));
  }),
  [stockChanged.name]: handle<StockChanged>(({ offerId, available }, { sequence }, steps) => {
    steps.push(['stock', offerId, sequence, available]);
  }),
  [ratingChanged.name]: handle<RatingChanged>(({ subjectId, average, count }, { sequence }, steps) => {
    if (subjectId.startsWith('prd_')) steps.push(['rating', subjectId, sequence, average, count]);
  }),
  [orderConfirmed.name]: handle<OrderConfirmed>(({ vendorOrders }, { occurredAt }, steps) => {
    const sold = new Map<string, number>();
    for (const { productId, quantity } of vendorOrders.flatMap(({ lines }) => lines)) {
      sold.set(productId, (sold.get(productId) ?? 0) + quantity);
    }
    for (const [productId, quantity] of sold) {
      steps.push(['sold', productId, quantity]);
      steps.push(...interestSteps(productId, WEIGHTS.PURCHASE * quantity, new Date(occurredAt)));
    }
    steps.push(...boughtTogetherSteps([...sold.keys()].slice(0, MAX_COMPANIONS_PER_ORDER)));
  }),
};

/** Each says what it writes; the inbox writes all of it at once. */
export const togetherHandlers: Readonly<Record<string, TogetherHandler<RedisTransaction>>> = Object.fromEntries(
  Object.entries(handlers).map(([name, handler]) => [
    name,
    async (events, transaction) => {
      for (const event of events) await handler(event, transaction);
    },
  ]),
);

/** Steps with a sequence, and one that was passed changes nothing: see `source-model.ts`. */
export const repeatable: readonly string[] = [
  vendorChanged,
  productChanged,
  offerChanged,
  stockChanged,
  ratingChanged,
].map(({ name }) => name);

function handle<Payload>(write: (payload: Payload, event: EventEnvelope, steps: Step[]) => void): Handler {
  return async (event, transaction) => {
    write(event.payload as Payload, event, transaction.steps);
    if (event.occurredAt > transaction.seenAt) transaction.seenAt = event.occurredAt;
  };
}
