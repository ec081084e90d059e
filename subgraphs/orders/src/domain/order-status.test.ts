import { describe, expect, it } from 'vitest';
import {
  fulfillmentStatusOf,
  fulfillmentTransitions,
  mayMove,
  orderStatusOf,
  orderTransitions,
  returnTransitions,
  vendorOrderStatusOf,
  vendorOrderTransitions,
} from './order-status.ts';

/** The machines as a shopkeeper would tell them, written down a second time: `from > to to to`. */
const told = {
  order: `
    PENDING_APPROVAL > PENDING_PAYMENT CANCELED
    PENDING_PAYMENT > CONFIRMED CANCELED FAILED
    CONFIRMED > PROCESSING CANCELED
    PROCESSING > PARTIALLY_SHIPPED SHIPPED CANCELED
    PARTIALLY_SHIPPED > SHIPPED PARTIALLY_DELIVERED
    SHIPPED > PARTIALLY_DELIVERED DELIVERED
    PARTIALLY_DELIVERED > DELIVERED COMPLETED
    DELIVERED > COMPLETED`,
  vendorOrder: `
    PENDING > ACCEPTED REJECTED CANCELED
    ACCEPTED > PROCESSING CANCELED
    PROCESSING > PARTIALLY_SHIPPED SHIPPED CANCELED
    PARTIALLY_SHIPPED > SHIPPED
    SHIPPED > DELIVERED
    DELIVERED > COMPLETED`,
  fulfillment: `
    PENDING > PACKED LABEL_PURCHASED SHIPPED CANCELED
    PACKED > LABEL_PURCHASED SHIPPED CANCELED
    LABEL_PURCHASED > PACKED SHIPPED CANCELED
    SHIPPED > IN_TRANSIT OUT_FOR_DELIVERY DELIVERED FAILED_ATTEMPT
    IN_TRANSIT > OUT_FOR_DELIVERY DELIVERED FAILED_ATTEMPT
    OUT_FOR_DELIVERY > DELIVERED FAILED_ATTEMPT
    FAILED_ATTEMPT > IN_TRANSIT OUT_FOR_DELIVERY DELIVERED`,
  return: `
    REQUESTED > APPROVED REJECTED CANCELED
    APPROVED > IN_TRANSIT RECEIVED CANCELED
    IN_TRANSIT > RECEIVED CANCELED
    RECEIVED > REFUNDED`,
};

const legal = (text: string) =>
  new Set(
    text
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [from, to = ''] = line.split('>').map((part) => part.trim());
        return to.split(' ').map((status) => `${from}>${status}`);
      }),
  );

describe('O13 each machine allows the moves of its table and no other', () => {
  it.each([
    ['order', orderTransitions, told.order],
    ['vendor order', vendorOrderTransitions, told.vendorOrder],
    ['fulfilment', fulfillmentTransitions, told.fulfillment],
    ['return', returnTransitions, told.return],
  ] as [string, Record<string, readonly string[]>, string][])('%s', (_, table, text) => {
    const allowed = legal(text);
    const names = Object.keys(table);
    for (const from of names) {
      for (const to of names) expect(mayMove(table, from, to), `${from}>${to}`).toBe(allowed.has(`${from}>${to}`));
    }
    for (const row of allowed) expect(row.split('>').every((status) => names.includes(status))).toBe(true);
  });
});

describe('a vendor’s part follows its parcels', () => {
  it.each([
    ['nothing packed', 'PENDING', [], 'PENDING'],
    ['accepted, nothing packed', 'ACCEPTED', [], 'ACCEPTED'],
    ['one parcel made', 'ACCEPTED', [['PENDING', 1]], 'PROCESSING'],
    ['one of two sent', 'PROCESSING', [['SHIPPED', 1]], 'PARTIALLY_SHIPPED'],
    [
      'one sent, one packed',
      'PROCESSING',
      [
        ['IN_TRANSIT', 1],
        ['PACKED', 1],
      ],
      'PARTIALLY_SHIPPED',
    ],
    [
      'both sent',
      'PARTIALLY_SHIPPED',
      [
        ['DELIVERED', 1],
        ['FAILED_ATTEMPT', 1],
      ],
      'SHIPPED',
    ],
    [
      'both arrived',
      'SHIPPED',
      [
        ['DELIVERED', 1],
        ['DELIVERED', 1],
      ],
      'DELIVERED',
    ],
    ['unpacked again', 'PROCESSING', [['CANCELED', 2]], 'PROCESSING'],
    ['rejected stays rejected', 'REJECTED', [], 'REJECTED'],
    ['completed stays completed', 'COMPLETED', [['DELIVERED', 2]], 'COMPLETED'],
  ] as const)('%s', (_, current, parcels, expected) => {
    const made = parcels.map(([status, quantity]) => ({ status, lines: [{ quantity }] }));
    expect(vendorOrderStatusOf(current, { units: 2, parcels: made })).toBe(expected);
  });
});

describe('O17 an order follows its parts', () => {
  it.each([
    ['CONFIRMED', ['PENDING', 'PENDING'], 'CONFIRMED'],
    ['CONFIRMED', ['ACCEPTED', 'PENDING'], 'PROCESSING'],
    ['PROCESSING', ['SHIPPED', 'PROCESSING'], 'PARTIALLY_SHIPPED'],
    ['PROCESSING', ['PARTIALLY_SHIPPED'], 'PARTIALLY_SHIPPED'],
    ['PARTIALLY_SHIPPED', ['SHIPPED', 'SHIPPED'], 'SHIPPED'],
    ['SHIPPED', ['DELIVERED', 'SHIPPED'], 'PARTIALLY_DELIVERED'],
    ['PARTIALLY_DELIVERED', ['DELIVERED', 'DELIVERED'], 'DELIVERED'],
    ['DELIVERED', ['COMPLETED', 'COMPLETED'], 'COMPLETED'],
    ['DELIVERED', ['COMPLETED', 'DELIVERED'], 'DELIVERED'],
    ['CONFIRMED', ['REJECTED', 'PENDING'], 'CONFIRMED'],
    ['PARTIALLY_SHIPPED', ['REJECTED', 'SHIPPED'], 'SHIPPED'],
    ['CONFIRMED', ['REJECTED', 'REJECTED'], 'CANCELED'],
    ['PENDING_PAYMENT', ['PENDING', 'PENDING'], 'PENDING_PAYMENT'],
    ['FAILED', ['CANCELED', 'CANCELED'], 'FAILED'],
  ] as const)('%s with %j is %s', (current, parts, expected) => {
    expect(orderStatusOf(current, parts)).toBe(expected);
  });

  it.each([
    [0, 0, 'UNFULFILLED'],
    [2, 0, 'PARTIALLY_FULFILLED'],
    [3, 0, 'FULFILLED'],
    [2, 1, 'PARTIALLY_RETURNED'],
    [3, 2, 'PARTIALLY_RETURNED'],
    [3, 3, 'RETURNED'],
  ] as const)('with %i of 3 units sent and %i back is %s', (left, returned, expected) => {
    expect(fulfillmentStatusOf({ ordered: 3, left, returned })).toBe(expected);
  });
});
