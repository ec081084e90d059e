import * as operations from '@marketgraph/schema/generated/operations';
import type { Person } from '../support/person.ts';
import { aRun, newKey, registerBuyer, registerVendor, setStock, signIn, type StoryGraph } from './cast.ts';
import { availableOf, completeCheckout, fillCart, payByCard, startCheckout } from './purchase.ts';
import { accepted, expectThat, type Report } from './report.ts';
import { everybodyKnows, warehouseAssigned } from './aftermath.ts';
import { cents, declinedCard, findByTypo, LIVE_MS, moreThanThereIs, openProductPage, reviewPurchase } from './buyer.ts';
import { importProducts, publishProduct } from './listing.ts';

export interface StoryOptions {
  report: Report;
  /** NDJSON, one product a line; without it 500 products are made up. */
  productsFile?: string;
}

/** The main job of a marketplace from an empty shop to a reviewed purchase. Rejects at the first difference. */
export async function playStory(graph: StoryGraph, { report, productsFile }: StoryOptions): Promise<void> {
  const run = aRun();
  const begun = new Date();
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
    await warehouseAssigned(buyer, basket.cartId, report);
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
    await everybodyKnows({ buyer, vendor: north, sold: lamp, soldWith: bulk, since: begun }, report);

    const times = status.events.map((event) => Date.parse(event.orderStatusChanged.occurredAt));
    expectThat(
      times.every((time, index) => index === 0 || time >= times[index - 1]!),
      'the whole story of the order came in its order',
      times,
    );

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
