import type { Money } from '@marketgraph/platform/core';
import { SubgraphCallError, type SubgraphClient, SubgraphUnavailableError } from '@marketgraph/platform/serve';
import { buildSchema, type DocumentNode, graphql, type GraphQLSchema, print } from 'graphql';
import type { PromotionAnswer } from './promotion-answer.ts';
import { FakeInventory } from './fake-inventory.ts';
import { FakePayments } from './fake-payments.ts';

export interface FakeCategory {
  id: string;
  parent?: FakeCategory;
}

export interface FakeOffer {
  id: string;
  sku: string;
  status: string;
  /** As the catalog heard last. */
  soldOut?: boolean;
  price: Money;
  /** A deal that is LIVE. */
  deal?: { id: string; price: Money };
  /** What lists say, by the organization that is bought for; under '' what they say to everybody. */
  tiers?: Record<string, { minQuantity: number; maxQuantity: number | null; unitPrice: Money }[]>;
  returnWindowDays: number;
  minOrderQuantity: number;
  orderMultiple: number;
  vendor: { id: string };
  variant: { id: string; title: string; product: { id: string; title: string; category?: FakeCategory } };
}

/** One call, before it has its effect and after: where a test lets things go wrong. */
export interface PeerCall {
  subgraph: string;
  /** The operation's name, e.g. `OrdersReserve`. */
  operation: string;
  phase: 'before' | 'after';
}

/** The parts of the other services' contracts that orders use; operations are checked against it. */
const CONTRACT = `
  scalar _Any
  scalar IdempotencyKey
  scalar MinorUnits
  scalar CurrencyCode
  scalar DateTime
  type Money { amount: MinorUnits! currencyCode: CurrencyCode! }
  input MoneyInput { amount: MinorUnits! currencyCode: CurrencyCode! }
  interface UserError { code: String! message: String! field: [String!] }
  type BasicUserError implements UserError { code: String! message: String! field: [String!] }
  type InsufficientStockError implements UserError {
    code: String! message: String! field: [String!] offer: Offer! requested: Int! available: Int!
  }

  type Vendor { id: ID! }
  type Category { id: ID! parent: Category }
  type Product { id: ID! title: String! category: Category }
  type ProductVariant { id: ID! title: String! product: Product! }
  type Offer {
    id: ID! sku: String! status: String! soldOut: Boolean! price: Money! returnWindowDays: Int! minOrderQuantity: Int!
    orderMultiple: Int! vendor: Vendor! variant: ProductVariant! tiers(organizationId: ID): [PriceTier!]!
    activeDeal: LightningDeal
  }
  type PriceTier { minQuantity: Int! maxQuantity: Int unitPrice: Money! }
  type LightningDeal { id: ID! status: String! dealPrice: Money! }
  scalar BasisPoints
  type Promotion {
    id: ID! code: String! name: String! status: String! kind: String! basisPoints: BasisPoints amount: Money
    buyQuantity: Int getQuantity: Int minimumSubtotal: Money vendor: Vendor categoryIds: [ID!]! productIds: [ID!]!
    offerIds: [ID!]! primeOnly: Boolean! combinable: Boolean! usageLimit: Int usageLimitPerBuyer: Int usageCount: Int
  }
  type User { id: ID! isPrime: Boolean! }
  union _Entity = Offer | Promotion | User

  type OfferAvailability { offer: Offer! available: Int! }
  type Reservation { id: ID! status: String! expiresAt: DateTime! }
  type ReservationPayload { reservation: Reservation userErrors: [UserError!]! }
  input StockReserveLine { offerId: ID! quantity: Int! }
  type StockAdmissionPayload { userErrors: [UserError!]! }
  input StockAdmitInput { cartId: ID! lines: [StockReserveLine!]! }
  input StockDestinationInput { countryCode: String! region: String }
  input StockReserveInput {
    cartId: ID! idempotencyKey: IdempotencyKey ttlSeconds: Int shipTo: StockDestinationInput lines: [StockReserveLine!]!
  }

  type Payment { id: ID! status: String! }
  type PaymentCreatePayload { payment: Payment clientSecret: String userErrors: [UserError!]! }
  type PaymentSyncPayload { payment: Payment failureCode: String failureMessage: String userErrors: [UserError!]! }
  type PaymentPayload { payment: Payment userErrors: [UserError!]! }
  input PaymentCreateInput { orderId: ID! cartId: ID! buyerId: ID! amount: MoneyInput! description: String! }
  input SettlementPartInput {
    vendorOrderId: ID! vendorId: ID! gross: MoneyInput! tax: MoneyInput! shipping: MoneyInput! productTotal: MoneyInput!
    categoryIds: [ID!]
  }
  input PaymentSettleInput { paymentId: ID! vendorOrders: [SettlementPartInput!]! }

  type Refund { id: ID! status: String! failureCode: String }
  type RefundPayload { refund: Refund userErrors: [UserError!]! }
  input VendorOrderRefundInput {
    orderId: ID! vendorOrderId: ID! amount: MoneyInput reason: String! returnId: ID
  }
  type StockReturnPayload { userErrors: [UserError!]! }
  input StockReturnInput { id: ID! orderId: ID! lines: [StockReserveLine!]! }

  type Query { _entities(representations: [_Any!]!): [_Entity]! promotion(id: ID, code: String): Promotion availability(offerIds: [ID!]!): [OfferAvailability!]! }
  type Mutation {
    stockAdmit(input: StockAdmitInput!): StockAdmissionPayload!
    stockReserve(input: StockReserveInput!): ReservationPayload!
    stockReservationConfirm(id: ID!): ReservationPayload!
    stockReservationRelease(id: ID!): ReservationPayload!
    stockReservationRevert(id: ID!): ReservationPayload!
    paymentCreate(input: PaymentCreateInput!, idempotencyKey: IdempotencyKey!): PaymentCreatePayload!
    paymentSync(id: ID!): PaymentSyncPayload!
    paymentSettle(input: PaymentSettleInput!, idempotencyKey: IdempotencyKey!): PaymentPayload!
    paymentVoid(id: ID!, idempotencyKey: IdempotencyKey!): PaymentPayload!
    vendorOrderRefund(input: VendorOrderRefundInput!, idempotencyKey: IdempotencyKey!): RefundPayload!
    stockReturnReceive(input: StockReturnInput!): StockReturnPayload!
  }`;

/** Catalog, inventory and payments behind the client that orders call them with. For tests. */
export class FakePeers implements SubgraphClient {
  readonly offers = new Map<string, FakeOffer>();
  readonly promotions = new Map<string, PromotionAnswer>();
  /** Who is Prime. */
  readonly prime = new Set<string>();
  readonly inventory: FakeInventory;
  readonly payments = new FakePayments();
  /** The names of the operations called, oldest first. */
  readonly calls: string[] = [];
  /** Subgraphs that do not answer. */
  readonly away = new Set<string>();
  /** May reject, or never resolve, to break a call. */
  onCall: (call: PeerCall) => Promise<void> | void = () => undefined;
  private readonly schema: GraphQLSchema = buildSchema(CONTRACT);

  constructor(clock: ConstructorParameters<typeof FakeInventory>[0]) {
    this.inventory = new FakeInventory(clock);
  }

  async call<Data>(
    subgraph: string,
    document: string | DocumentNode,
    variables: Record<string, unknown> = {},
  ): Promise<Data> {
    const source = typeof document === 'string' ? document : print(document);
    const operation = /(?:query|mutation) (\w+)/.exec(source)?.[1] ?? 'anonymous';
    this.calls.push(operation);
    if (this.away.has(subgraph)) throw new SubgraphUnavailableError(subgraph, 'unreachable');
    await this.onCall({ subgraph, operation, phase: 'before' });
    const { data, errors } = await graphql({
      schema: this.schema,
      source,
      variableValues: variables,
      rootValue: this.resolvers(),
    });
    await this.onCall({ subgraph, operation, phase: 'after' });
    if (errors && errors.length > 0) throw new SubgraphCallError(subgraph, errors);
    // A copy without prototypes and shared objects, as a wire would make it.
    return JSON.parse(JSON.stringify(data)) as Data;
  }

  private resolvers() {
    const { inventory, payments, offers, promotions, prime } = this;
    const typed = <T extends { userErrors: unknown[] }>(answer: T): T => ({
      ...answer,
      userErrors: answer.userErrors.map((error) => ({ __typename: 'BasicUserError', ...(error as object) })),
    });
    return {
      _entities: ({ representations }: { representations: { __typename: string; id: string }[] }) =>
        representations.map(({ __typename, id }) => {
          if (__typename === 'User') return { __typename, id, isPrime: prime.has(id) };
          if (__typename === 'Promotion') return promotions.has(id) ? { __typename, ...promotions.get(id) } : null;
          const offer = offers.get(id);
          return offer ? { __typename, soldOut: false, ...offer, ...pricesOf(offer) } : null;
        }),
      promotion: ({ code }: { code: string }) =>
        [...promotions.values()].find((promotion) => promotion.code === code.toUpperCase()) ?? null,
      availability: ({ offerIds }: { offerIds: string[] }) => offerIds.map((id) => inventory.available(id)),
      stockAdmit: ({ input }: { input: Parameters<FakeInventory['admit']>[0] }) => typed(inventory.admit(input)),
      stockReserve: ({ input }: { input: Parameters<FakeInventory['reserve']>[0] }) => typed(inventory.reserve(input)),
      stockReservationConfirm: ({ id }: { id: string }) => typed(inventory.confirm(id)),
      stockReservationRelease: ({ id }: { id: string }) => typed(inventory.release(id)),
      stockReservationRevert: ({ id }: { id: string }) => typed(inventory.revert(id)),
      paymentCreate: ({
        input,
        idempotencyKey,
      }: {
        input: Parameters<FakePayments['create']>[0];
        idempotencyKey: string;
      }) => typed(payments.create(input, idempotencyKey)),
      paymentSync: ({ id }: { id: string }) => typed(payments.sync(id)),
      paymentSettle: ({ input }: { input: Parameters<FakePayments['settle']>[0] }) => typed(payments.settle(input)),
      paymentVoid: ({ id }: { id: string }) => typed(payments.void(id)),
      vendorOrderRefund: ({
        input,
        idempotencyKey,
      }: {
        input: Parameters<FakePayments['refund']>[0];
        idempotencyKey: string;
      }) => typed(payments.refund(input, idempotencyKey)),
      stockReturnReceive: ({ input }: { input: Parameters<FakeInventory['receive']>[0] }) =>
        typed(inventory.receive(input)),
    };
  }
}

function pricesOf({ deal, tiers = {} }: FakeOffer) {
  return {
    tiers: ({ organizationId }: { organizationId?: string | null }) => tiers[organizationId ?? ''] ?? tiers[''] ?? [],
    activeDeal: deal ? { id: deal.id, status: 'LIVE', dealPrice: deal.price } : null,
  };
}
