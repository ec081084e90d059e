/** A mistake somebody could make: one place in the product's source, and what stands there instead. */
export interface PlantedBug {
  name: string;
  file: string;
  from: string;
  to: string;
  /** The schedules begin with this seed: for one that needs a rare meeting of faults. */
  firstSeed?: number;
}

const ORDERS = 'subgraphs/orders/src';
const PAYMENTS = 'subgraphs/payments/src';
const INVENTORY = 'subgraphs/inventory/src';

/** Each must be found by the simulator; that it finds them is what its silence is worth. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'the money is taken before the stock is confirmed',
    file: `${ORDERS}/domain/checkout.ts`,
    from: "return { status: 'CONFIRMING_STOCK', reservation, paymentId };",
    to: "return { status: 'SETTLING', reservation, paymentId };",
  },
  {
    name: 'stock that was taken is not given back when the capture is refused',
    file: `${ORDERS}/domain/checkout.ts`,
    from: "if (event.type === 'captureRefused') return { ...state, status: 'REVERTING_STOCK', failure: event.failure };",
    to: "if (event.type === 'captureRefused') return { ...state, status: 'VOIDING', failure: event.failure };",
  },
  {
    name: 'what is saved of a checkout and what it asks for are not one transaction',
    file: `${ORDERS}/commands/advance-checkout.ts`,
    from: 'await saveCheckout(em, next, { now, ...next });',
    to: 'await saveCheckout(services.orm.em.fork(), next, { now, ...next });',
  },
  {
    name: 'nobody takes up what was left lying',
    file: `${ORDERS}/commands/sweep-checkouts.ts`,
    from: 'due.map(async ({ orderId, isLate, trace }) => {',
    to: 'due.slice(0, 0).map(async ({ orderId, isLate, trace }) => {',
  },
  {
    name: 'a reservation is released twice',
    file: `${INVENTORY}/domain/reservation.ts`,
    from: "release: { status: 'RELEASED', effect: 'none' },\n    revert: { status: 'RELEASED', effect: 'none' },\n  },\n  // Given",
    to: "release: { status: 'RELEASED', effect: 'none' },\n    revert: { status: 'EXPIRED', effect: 'restock' },\n  },\n  // Given",
    firstSeed: 190,
  },
  {
    name: 'the time of a reservation is not looked at',
    file: `${INVENTORY}/commands/end-reservation.ts`,
    from: 'await Promise.allSettled(due.map(',
    to: 'await Promise.allSettled(due.slice(0, 0).map(',
    firstSeed: 550,
  },
  {
    name: 'an expired reservation is confirmed without its units',
    file: `${INVENTORY}/domain/reservation-decisions.ts`,
    from: 'if (shortagesIn(entry, wanted).length > 0) return',
    to: 'if (shortagesIn(entry, wanted).length > 99) return',
    firstSeed: 2_750,
  },
  {
    name: 'the inbox forgets what was handled',
    file: 'platform/src/postgres/inbox.ts',
    from: 'if (inserted.length === 0) return false;',
    to: '',
  },
  {
    name: 'events are marked as sent that were not',
    file: 'platform/src/messaging/relay.ts',
    from: 'rows.map((row) => row.envelope),',
    to: 'rows.slice(0, 1).map((row) => row.envelope),',
  },
  {
    name: 'a capture is not booked',
    file: `${PAYMENTS}/commands/record-intent.ts`,
    from: 'if (observed.newlyCaptured.amount > 0) {',
    to: 'if (observed.newlyCaptured.amount > 0 && row.settledAt) {',
  },
  {
    name: 'a refused capture leaves the payment open for another copy of the same call',
    file: `${PAYMENTS}/commands/settle-payment.ts`,
    from: 'const ended = await releaseHold(deps, row.id);',
    to: 'const ended = await findPayment(deps.orm.em.fork(), row.id);',
    firstSeed: 910,
  },
  {
    name: 'the ends of a reservation have one number',
    file: `${INVENTORY}/events/out.ts`,
    from: 'sequence: ENDS[payload.status],',
    to: 'sequence: 1,',
  },
];

let planted: PlantedBug | undefined;

export function plant(name: string): void {
  planted = plantedBugs.find((bug) => bug.name === name);
  if (!planted) throw new Error(`There is no such bug: ${name}`);
}

/** The source with the bug in it, if it is the file of the one that is planted. */
export function plantIn(path: string, source: string): string {
  if (planted?.file !== path) return source;
  if (source.split(planted.from).length !== 2) {
    throw new Error(`"${planted.name}": its place in ${path} has changed; find the new one.`);
  }
  return source.replace(planted.from, () => planted!.to);
}
