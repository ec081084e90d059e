import type Stripe from 'stripe';

import { invalidRequest, noSuch } from '../api-error.ts';
import { save } from '../events.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import { changedMetadata, metadata } from '../http/metadata.ts';
import { flag, integer, oneOf, text } from '../http/params.ts';
import type { Call, Route } from '../http/route.ts';
import { fromPath, idOf, route } from '../http/route.ts';
import { refundCharge } from '../payments/refund.ts';

const create = route({
  method: 'POST',
  path: '/v1/refunds',
  params: {
    amount: integer({ min: 1 }),
    charge: text(),
    payment_intent: text(),
    metadata: metadata(),
    reason: oneOf(['duplicate', 'fraudulent', 'requested_by_customer']),
    reverse_transfer: flag(),
  },
  run(call, { amount, charge: chargeId, payment_intent, metadata: change, reason, reverse_transfer }) {
    const charge = chargeToRefund(call, { chargeId, intentId: payment_intent });
    if (reverse_transfer === true) {
      // Only a charge that carries its own transfer can; here transfers are always separate objects.
      throw invalidRequest(
        `Cannot set \`reverse_transfer\` to true: charge ${charge.id} does not have an associated transfer.`,
        { param: 'reverse_transfer' },
      );
    }
    return refundCharge(call, charge, { amount, reason, metadata: changedMetadata({}, change) });
  },
});

const list = route({
  method: 'GET',
  path: '/v1/refunds',
  params: { ...pagingWithCreated, charge: text(), payment_intent: text() },
  run: (call, { charge, payment_intent, ...params }) =>
    listPage(call, 'refund', { url: '/v1/refunds', where: { charge, payment_intent }, params }),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/refunds/:id',
  params: {},
  run: (call) => fromPath(call, 'refund'),
});

const update = route({
  method: 'POST',
  path: '/v1/refunds/:id',
  params: { metadata: metadata() },
  run(call, { metadata: change }) {
    const refund = fromPath(call, 'refund');
    refund.metadata = changedMetadata(refund.metadata, change);
    save(call, refund);
    return refund;
  },
});

export const refundRoutes: Route[] = [create, list, retrieve, update];

function chargeToRefund(
  call: Call,
  { chargeId, intentId }: { chargeId: string | undefined; intentId: string | undefined },
): Stripe.Charge {
  const { objects } = call.world;
  if ((chargeId === undefined) === (intentId === undefined)) {
    throw invalidRequest('One of the following params should be provided for this request: payment_intent or charge.');
  }
  if (chargeId !== undefined) {
    const charge = objects.find(call.account, 'charge', chargeId);
    if (!charge) throw noSuch('charge', chargeId, { param: 'charge', status: 404 });
    if (charge.captured && charge.status === 'succeeded') return charge;
    throw invalidRequest(`Charge ${charge.id} cannot be refunded: it was not captured.`, {
      code: 'charge_not_refundable',
    });
  }
  const intent = objects.find(call.account, 'payment_intent', intentId!);
  if (!intent) throw noSuch('payment_intent', intentId!, { param: 'payment_intent', status: 404 });
  const latest = idOf(intent.latest_charge);
  const charge = latest === null ? undefined : objects.find(call.account, 'charge', latest);
  if (charge?.captured && charge.status === 'succeeded') return charge;
  throw invalidRequest(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, {
    param: 'payment_intent',
    payment_intent: intent,
  });
}
