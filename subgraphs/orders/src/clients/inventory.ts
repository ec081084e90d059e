import { accept, isId, type Rejection, type Result } from '@marketgraph/platform/core';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { CallOptions } from './catalog.ts';

export interface ReservationRequest {
  cartId: string;
  /** The same key gives the same reservation, however often it is asked for. */
  idempotencyKey: string;
  ttlSeconds: number;
  /** The nearest warehouses give the units. */
  shipTo: { countryCode: string; region: string | null };
  lines: readonly { offerId: string; quantity: number }[];
}

export interface Reservation {
  id: string;
  status: string;
  /** RFC 3339. */
  expiresAt: string;
}

export interface ReturnedUnits {
  id: string;
  orderId: string;
  lines: readonly { offerId: string; quantity: number }[];
}

/**
 * The port to inventory. A `Result` is a definite answer; a call that throws
 * has an unknown outcome and is made again. Each may be made any number of times.
 */
export interface InventoryClient {
  /** Why it would be no use to begin: one rejection per short offer, as of `reserve`. Empty: go on. */
  shortages(wanted: Pick<ReservationRequest, 'cartId' | 'lines'>, call?: CallOptions): Promise<Rejection[]>;
  /** Units that can be bought now, of at most 100 offers; nothing is claimed by asking. */
  available(offerIds: readonly string[], call?: CallOptions): Promise<ReadonlyMap<string, number>>;
  /** A rejection per short offer carries `details: { offerId, requested, available }`. */
  reserve(request: ReservationRequest, call?: CallOptions): Promise<Result<Reservation, Rejection[]>>;
  confirm(reservationId: string, call?: CallOptions): Promise<Result<Reservation, Rejection[]>>;
  /** Gives back what was only held. */
  release(reservationId: string, call?: CallOptions): Promise<Result<Reservation | null, Rejection[]>>;
  /** Gives back what was taken: the units of a confirmed reservation. */
  revert(reservationId: string, call?: CallOptions): Promise<Result<Reservation | null, Rejection[]>>;
  /** Some units of what an order was sold are on the shelf again; the same id brings them back once. */
  receive(units: ReturnedUnits, call?: CallOptions): Promise<Result<null, Rejection[]>>;
}

const ERRORS = `userErrors {
      __typename code message field ... on InsufficientStockError { offer { id } requested available }
    }`;
const PAYLOAD = `reservation { id status expiresAt } ${ERRORS}`;

const ADMIT = `mutation OrdersAdmit($input: StockAdmitInput!) { answer: stockAdmit(input: $input) { ${ERRORS} } }`;
const AVAILABLE = `query OrdersAvailable($offerIds: [ID!]!) {
  availability(offerIds: $offerIds) { offer { id } available }
}`;

const RESERVE = `mutation OrdersReserve($input: StockReserveInput!) { answer: stockReserve(input: $input) { ${PAYLOAD} } }`;
const CONFIRM = `mutation OrdersConfirm($id: ID!) { answer: stockReservationConfirm(id: $id) { ${PAYLOAD} } }`;
const RELEASE = `mutation OrdersRelease($id: ID!) { answer: stockReservationRelease(id: $id) { ${PAYLOAD} } }`;
const REVERT = `mutation OrdersRevert($id: ID!) { answer: stockReservationRevert(id: $id) { ${PAYLOAD} } }`;

const RECEIVE = `mutation OrdersReceive($input: StockReturnInput!) {
  answer: stockReturnReceive(input: $input) { userErrors { __typename code message field } }
}`;

interface Answer {
  answer: {
    reservation?: Reservation | null;
    userErrors: {
      __typename: string;
      code: string;
      message: string;
      field: string[] | null;
      offer?: { id: string };
      requested?: number;
      available?: number;
    }[];
  };
}

interface AvailableAnswer {
  availability: { offer: { id: string }; available: number }[];
}

export function inventoryOverPeers(peers: SubgraphClient): InventoryClient {
  const call = async (operation: string, variables: Record<string, unknown>, options?: CallOptions) => {
    const { answer } = await peers.call<Answer>('inventory', operation, variables, options);
    return { reservation: answer.reservation ?? null, rejections: answer.userErrors.map(rejectionOf) };
  };
  const demand = async (...parameters: Parameters<typeof call>): Promise<Result<Reservation, Rejection[]>> => {
    const { reservation, rejections } = await call(...parameters);
    if (rejections.length > 0) return { ok: false, rejection: rejections };
    if (!reservation) throw new Error('Inventory answered with neither a reservation nor an error.');
    return accept(reservation);
  };
  const giveBack = async (...parameters: Parameters<typeof call>): Promise<Result<Reservation | null, Rejection[]>> => {
    const { reservation, rejections } = await call(...parameters);
    return rejections.length > 0 ? { ok: false, rejection: rejections } : accept(reservation);
  };
  return {
    shortages: async (input, options) => (await call(ADMIT, { input }, options)).rejections.filter(isShortage),
    async available(offerIds, options) {
      const { availability } = await peers.call<AvailableAnswer>('inventory', AVAILABLE, { offerIds }, options);
      return new Map(availability.map(({ offer, available }) => [offer.id, available]));
    },
    reserve: (request, options) => demand(RESERVE, { input: request }, options),
    confirm: (id, options) => demand(CONFIRM, { id }, options),
    release: (id, options) => giveBack(RELEASE, { id }, options),
    revert: (id, options) => giveBack(REVERT, { id }, options),
    async receive(input, options) {
      const { rejections } = await call(RECEIVE, { input }, options);
      return rejections.length > 0 ? { ok: false, rejection: rejections } : accept(null);
    },
  };
}

function isShortage({ code }: Rejection): boolean {
  return code === 'INSUFFICIENT_STOCK' || code === USED_UP.code;
}

/** A use of a promotion is held like a unit of an offer; when there is none left, the buyer is told of the code. */
const USED_UP: Rejection = {
  code: 'PROMOTION_NOT_APPLICABLE',
  message: 'A code in this cart cannot be used any more; take it out.',
  field: ['promotions'],
};

function rejectionOf({ code, message, field, offer, requested, available }: Answer['answer']['userErrors'][number]) {
  if (offer && isId(offer.id, 'prm')) return USED_UP;
  const rejection: Rejection = { code, message, ...(field ? { field } : {}) };
  return offer ? { ...rejection, details: { offerId: offer.id, requested, available } } : rejection;
}
