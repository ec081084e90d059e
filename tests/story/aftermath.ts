import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import type { Person } from '../support/person.ts';
import type { Vendor } from './cast.ts';
import { cents, LIVE_MS } from './buyer.ts';
import type { Listing } from './listing.ts';
import { expectThat, type Report } from './report.ts';

/** The checkout has set its units aside, each in a warehouse. */
export async function warehouseAssigned(buyer: Person, cartId: string, report: Report): Promise<void> {
  const { cart } = await buyer.ask(operations.CartReservationDocument, { cartId });
  const reservation = cart?.reservation;
  expectThat(
    reservation?.status === 'ACTIVE' && reservation.lines.length >= 2,
    'both lines are reserved in a warehouse',
    cart,
  );
  report.saw(
    `assigned to ${reservation.lines.map(({ quantity, warehouse }) => `${quantity} × ${warehouse.code}`).join(', ')}`,
  );
}

/** What others make of a sale: the buyer is notified, the vendor's figures and the recommendations know of it. */
export async function everybodyKnows(
  sale: { buyer: Person; vendor: Vendor; sold: Listing; soldWith: { productId: string }; since: Date },
  report: Report,
): Promise<void> {
  const { buyer, vendor, sold, soldWith, since } = sale;
  const topics = await until(
    async () => {
      const { me } = await buyer.ask(operations.MyNotificationsDocument, {});
      const seen = me?.notifications.edges.map(({ node }) => node.topic) ?? [];
      return seen.includes('order.confirmed') && seen.includes('order.shipped') && seen;
    },
    { timeoutMs: LIVE_MS, what: 'the notifications' },
  );
  expectThat(new Set(topics).size === topics.length, 'each notification comes once', topics);
  const summary = await until(
    async () => {
      const range = { from: since.toISOString(), to: new Date().toISOString() };
      const found = await vendor.person.ask(operations.VendorSalesDocument, { vendorId: vendor.id, range });
      return found.vendor?.salesSummary?.orderCount === 1 && found.vendor.salesSummary;
    },
    { timeoutMs: LIVE_MS, what: "the vendor's figures" },
  );
  await until(
    async () => {
      const { product } = await buyer.ask(operations.AlsoBoughtDocument, { id: sold.productId });
      return product?.alsoBought?.some(({ id }) => id === soldWith.productId);
    },
    { timeoutMs: LIVE_MS, what: 'the recommendation' },
  );
  report.saw(
    `notified (${topics.toReversed().join(', ')}), counted (${summary.unitsSold} units, ${cents(summary.grossSales)}), recommended together`,
  );
}
