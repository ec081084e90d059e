import * as operations from '@marketgraph/schema/generated/operations';
import { newKey } from '../../story/cast.ts';
import { accepted } from '../../story/report.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';

interface OrderAnswer {
  order: { vendorOrders: { id: string; version: number; lines: { id: string; quantity: number }[] }[] };
}

/** The vendor sends an order of one line, and it arrives. Resolves to the line. */
export async function deliver(
  graphUrl: string,
  { buyer, vendor, orderId }: { buyer: Person; vendor: Person; orderId: string },
): Promise<string> {
  const { data } = await ask<OrderAnswer>(
    graphUrl,
    'query ($id: ID!) { order(id: $id) { vendorOrders { id version lines { id quantity } } } }',
    { variables: { id: orderId }, token: buyer.accessToken },
  );
  const { id, version, lines } = data!.order.vendorOrders[0]!;
  const { vendorOrderAccept } = await vendor.ask(operations.VendorOrderAcceptDocument, {
    id,
    expectedVersion: version,
  });
  accepted('vendorOrderAccept', vendorOrderAccept.vendorOrder, vendorOrderAccept.userErrors);
  const [line] = lines;
  const { fulfillmentCreate } = await vendor.ask(operations.FulfillmentCreateDocument, {
    input: { vendorOrderId: id, lines: [{ lineId: line!.id, quantity: line!.quantity }] },
    idempotencyKey: newKey(),
  });
  const fulfillment = accepted('fulfillmentCreate', fulfillmentCreate.fulfillment, fulfillmentCreate.userErrors);
  for (const status of ['SHIPPED', 'IN_TRANSIT', 'DELIVERED'] as const) {
    const { fulfillmentStatusUpdate } = await vendor.ask(operations.FulfillmentStatusUpdateDocument, {
      input: { id: fulfillment.id, status },
    });
    accepted(status, fulfillmentStatusUpdate.fulfillment, fulfillmentStatusUpdate.userErrors);
  }
  return line!.id;
}
