import type { Viewer } from '@marketgraph/platform/graphql';
import { testIds, until } from '@marketgraph/platform/testing';
import type { OrdersHarness } from './orders-harness.ts';
import { soldOrders } from './sold-orders.ts';

const ids = testIds();

const STATE = `return { id status reason note trackingNumber restock refundAmount { amount }
    lines { quantity line { id status quantityReturned } } } userErrors { code message field }`;
const REQUEST = `mutation($input: ReturnRequestInput!, $key: IdempotencyKey!) {
  answer: returnRequest(input: $input, idempotencyKey: $key) { ${STATE} } }`;
const DECIDE = `mutation($input: ReturnDecideInput!) { answer: returnDecide(input: $input) { ${STATE} } }`;
const SHIP = `mutation($input: ReturnShipInput!) { answer: returnShip(input: $input) { ${STATE} } }`;
const CANCEL = `mutation($id: ID!) { answer: returnCancel(id: $id) { ${STATE} } }`;
const RECEIVE = `mutation($id: ID!, $restock: Boolean!, $key: IdempotencyKey!) {
  answer: returnReceive(id: $id, restock: $restock, idempotencyKey: $key) { ${STATE} } }`;

export const returnOperations = { REQUEST, DECIDE, SHIP, CANCEL, RECEIVE };

export interface ReturnAnswer {
  return: {
    id: string;
    status: string;
    reason: string;
    note: string | null;
    trackingNumber: string | null;
    restock: boolean | null;
    refundAmount: { amount: number } | null;
    lines: { quantity: number; line: { id: string; status: string; quantityReturned: number } }[];
  } | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

/** One line of an order, and who bought and sold it. */
export interface BoughtLine {
  buyer: Viewer;
  seller: Viewer;
  orderId: string;
  lineId: string;
}

/** What happens to an order after it has arrived, one call each. */
export function returnedGoods(h: OrdersHarness) {
  const sold = soldOrders(h);
  const ask = async (viewer: Viewer, query: string, variables: object): Promise<ReturnAnswer> =>
    (await h.run<{ answer: ReturnAnswer }>(viewer, query, { ...variables })).answer;

  return {
    sold,

    /** Bought from so many vendors, two units of each, and all of it has arrived. */
    async delivered(vendors = 1) {
      const bought = await sold.bought(vendors);
      for (const [index, part] of bought.parts.entries()) {
        const seller = bought.sellers[index]!;
        const parcel = await sold.pack(seller, part.id, [{ lineId: part.lines[0]!.id, quantity: 2 }]);
        for (const status of ['SHIPPED', 'DELIVERED']) await sold.move(seller, parcel.fulfillment!.id, status);
      }
      const lineIds = bought.parts.map((part) => part.lines[0]!.id);
      return { ...bought, buyer: bought.shop.buyer, seller: bought.sellers[0]!, lineId: lineIds[0]!, lineIds };
    },

    request(
      viewer: Viewer,
      input: { orderId: string; lines: { lineId: string; quantity: number }[]; reason?: string },
      key = ids.next('key'),
    ): Promise<ReturnAnswer> {
      return ask(viewer, REQUEST, { input: { reason: 'too small', ...input }, key });
    },
    decide: (viewer: Viewer, id: string, approve = true, note?: string) =>
      ask(viewer, DECIDE, { input: { id, approve, note } }),
    ship: (viewer: Viewer, id: string, trackingNumber = 'JJD0002') =>
      ask(viewer, SHIP, { input: { id, trackingNumber } }),
    cancel: (viewer: Viewer, id: string) => ask(viewer, CANCEL, { id }),
    receive: (viewer: Viewer, id: string, { restock = true, key = ids.next('key') } = {}) =>
      ask(viewer, RECEIVE, { id, restock, key }),

    /** Asked for and approved: its id. */
    async approved({ buyer, seller, orderId, lineId }: BoughtLine, quantity = 1): Promise<string> {
      const { return: requested } = await this.request(buyer, { orderId, lines: [{ lineId, quantity }] });
      await this.decide(seller, requested!.id);
      return requested!.id;
    },

    async status(id: string): Promise<string> {
      const [row] = await h.rows<{ status: string }>('select status from order_return where id = ?', [id]);
      return row!.status;
    },

    /** Payments has given the money back, and says so. */
    async refunded(orderId: string, returnId: string, status = 'SUCCEEDED'): Promise<void> {
      const payload = { refundId: 'rfd', orderId, returnId, status };
      await h.publish('payments', { name: 'payments.refundChanged', key: 'rfd', payload });
    },

    /** The saga of the return has ended; the test's clock goes on, for one that waits to try again. */
    async givenBack(returnId: string): Promise<string> {
      return await until(async () => {
        const [row] = await h.rows<{ status: string }>('select status from give_back where return_id = ?', [returnId]);
        if (row && ['DONE', 'FAILED'].includes(row.status)) return row.status;
        h.clock.advance(1_000);
        return undefined;
      });
    },

    refundsOf: (orderId: string) => [...h.peers.payments.refunds.values()].filter((each) => each.orderId === orderId),
    free: (offerId: string) => h.peers.inventory.free.get(offerId),
  };
}
