import { defineEntity, p } from '@mikro-orm/core';
import type { DisputeStatus } from '../domain/dispute.ts';

const DisputeSchema = defineEntity({
  name: 'DisputeRow',
  tableName: 'payment_dispute',
  properties: {
    id: p.text().primary(),
    paymentId: p.text(),
    gatewayReference: p.text(),
    currency: p.text(),
    amount: p.bigint('number'),
    /** On the bank's side now, by the provider's movements: 0 again once it is won. */
    withdrawn: p.bigint('number'),
    fee: p.bigint('number'),
    status: p.text().$type<DisputeStatus>(),
    /** A lost one was divided among those who had the money. */
    sharedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class DisputeRow extends DisputeSchema.class {}
DisputeSchema.setClass(DisputeRow);
