import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  type Checkout,
  type CheckoutEvent,
  type CheckoutRequest,
  type Failure,
  firstState,
  isEnded,
  type OrderMark,
  TIME_UP,
} from './checkout.ts';

const reservation = { id: 'rsv', expiresAt: '2026-01-01T00:15:00.000Z' };
const paymentId = 'pay';
const short: Failure = { code: 'INSUFFICIENT_STOCK', message: 'Not enough.' };
const refused: Failure = { code: 'INVALID', message: 'Cannot be charged.' };
const edited: Failure = { code: 'CART_CHANGED', message: 'Edited.' };
const gone: Failure = { code: 'RESERVATION_EXPIRED', message: 'Gone.' };
const noCapture: Failure = { code: 'PAYMENT_DECLINED', message: 'Authorisation expired.' };
const declined: Failure = { code: 'PAYMENT_DECLINED', message: 'Your card was declined.' };
const canceled: Failure = { code: 'PAYMENT_DECLINED', message: 'The payment was declined.' };

const states = {
  RESERVING: { status: 'RESERVING' },
  'RESERVING, given up': { status: 'RESERVING', failure: edited },
  CREATING_PAYMENT: { status: 'CREATING_PAYMENT', reservation },
  'CREATING_PAYMENT, given up': { status: 'CREATING_PAYMENT', reservation, failure: edited },
  'CREATING_PAYMENT, paid': {
    status: 'CREATING_PAYMENT',
    reservation,
    reported: { paymentId, status: 'AUTHORIZED' },
  },
  AWAITING_PAYMENT: { status: 'AWAITING_PAYMENT', reservation, paymentId },
  EXPIRING: { status: 'EXPIRING', reservation, paymentId, failure: TIME_UP },
  CONFIRMING_STOCK: { status: 'CONFIRMING_STOCK', reservation, paymentId },
  SETTLING: { status: 'SETTLING', reservation, paymentId },
  REVERTING_STOCK: { status: 'REVERTING_STOCK', reservation, paymentId, failure: noCapture },
  VOIDING: { status: 'VOIDING', reservation, paymentId, failure: declined },
  'VOIDING, no stock': { status: 'VOIDING', paymentId, failure: gone },
  RELEASING: { status: 'RELEASING', reservation, failure: refused },
  CLEARING_CART: { status: 'CLEARING_CART', paymentId },
  COMPLETED: { status: 'COMPLETED', paymentId },
  FAILED: { status: 'FAILED', failure: declined, paymentId, hasOrder: true },
  'FAILED, nothing held': { status: 'FAILED', failure: short, hasOrder: false },
} satisfies Record<string, Checkout>;

const events = {
  stockReserved: { type: 'stockReserved', reservation },
  stockRefused: { type: 'stockRefused', failure: short },
  paymentCreated: { type: 'paymentCreated', paymentId },
  paymentRefused: { type: 'paymentRefused', failure: refused },
  'paymentReported PENDING': { type: 'paymentReported', report: { paymentId, status: 'PENDING' } },
  'paymentReported AUTHORIZED': { type: 'paymentReported', report: { paymentId, status: 'AUTHORIZED' } },
  'paymentReported CAPTURED': { type: 'paymentReported', report: { paymentId, status: 'CAPTURED' } },
  'paymentReported DECLINED': {
    type: 'paymentReported',
    report: { paymentId, status: 'DECLINED', message: declined.message },
  },
  'paymentReported VOIDED': { type: 'paymentReported', report: { paymentId, status: 'VOIDED' } },
  'paymentReported of another': { type: 'paymentReported', report: { paymentId: 'other', status: 'AUTHORIZED' } },
  stockConfirmed: { type: 'stockConfirmed' },
  stockGone: { type: 'stockGone', failure: gone },
  paymentSettled: { type: 'paymentSettled' },
  captureRefused: { type: 'captureRefused', failure: noCapture },
  stockReverted: { type: 'stockReverted' },
  paymentVoided: { type: 'paymentVoided' },
  stockReleased: { type: 'stockReleased' },
  cartCleared: { type: 'cartCleared' },
  completionAsked: { type: 'completionAsked' },
  abandoned: { type: 'abandoned', failure: edited },
  timeUp: { type: 'timeUp' },
  resumed: { type: 'resumed' },
} satisfies Record<string, CheckoutEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;
type Row = [from: StateName, event: EventName, to: Checkout, requests: CheckoutRequest['type'][], marks?: OrderMark[]];

/** The whole machine. What is not here changes nothing and asks for nothing. */
const table: Row[] = [
  ['RESERVING', 'stockReserved', states.CREATING_PAYMENT, ['CREATE_PAYMENT'], ['PLACED']],
  ['RESERVING', 'stockRefused', { status: 'FAILED', failure: short, hasOrder: false }, []],
  ['RESERVING', 'abandoned', states['RESERVING, given up'], []],
  ['RESERVING', 'timeUp', { status: 'RESERVING', failure: TIME_UP }, ['RESERVE_STOCK']],
  ['RESERVING', 'resumed', states.RESERVING, ['RESERVE_STOCK']],

  [
    'RESERVING, given up',
    'stockReserved',
    { status: 'RELEASING', reservation, failure: edited },
    ['RELEASE_STOCK'],
    ['PLACED'],
  ],
  ['RESERVING, given up', 'stockRefused', { status: 'FAILED', failure: short, hasOrder: false }, []],
  ['RESERVING, given up', 'timeUp', states['RESERVING, given up'], ['RESERVE_STOCK']],
  ['RESERVING, given up', 'resumed', states['RESERVING, given up'], ['RESERVE_STOCK']],

  ['CREATING_PAYMENT', 'paymentCreated', states.AWAITING_PAYMENT, []],
  ['CREATING_PAYMENT', 'paymentRefused', states.RELEASING, ['RELEASE_STOCK']],
  ['CREATING_PAYMENT', 'paymentReported AUTHORIZED', states['CREATING_PAYMENT, paid'], []],
  ['CREATING_PAYMENT', 'paymentReported CAPTURED', reportedEarly('CAPTURED'), []],
  ['CREATING_PAYMENT', 'paymentReported DECLINED', reportedEarly('DECLINED'), []],
  ['CREATING_PAYMENT', 'paymentReported VOIDED', reportedEarly('VOIDED'), []],
  ['CREATING_PAYMENT', 'paymentReported of another', reportedEarly('AUTHORIZED', 'other'), []],
  ['CREATING_PAYMENT', 'abandoned', states['CREATING_PAYMENT, given up'], []],
  ['CREATING_PAYMENT', 'timeUp', { ...states.CREATING_PAYMENT, failure: TIME_UP }, ['CREATE_PAYMENT']],
  ['CREATING_PAYMENT', 'resumed', states.CREATING_PAYMENT, ['CREATE_PAYMENT']],

  [
    'CREATING_PAYMENT, given up',
    'paymentCreated',
    { status: 'VOIDING', reservation, paymentId, failure: edited },
    ['VOID_PAYMENT'],
  ],
  ['CREATING_PAYMENT, given up', 'paymentRefused', states.RELEASING, ['RELEASE_STOCK']],
  ['CREATING_PAYMENT, given up', 'paymentReported AUTHORIZED', reportedEarly('AUTHORIZED', paymentId, edited), []],
  ['CREATING_PAYMENT, given up', 'paymentReported CAPTURED', reportedEarly('CAPTURED', paymentId, edited), []],
  ['CREATING_PAYMENT, given up', 'paymentReported DECLINED', reportedEarly('DECLINED', paymentId, edited), []],
  ['CREATING_PAYMENT, given up', 'paymentReported VOIDED', reportedEarly('VOIDED', paymentId, edited), []],
  ['CREATING_PAYMENT, given up', 'paymentReported of another', reportedEarly('AUTHORIZED', 'other', edited), []],
  ['CREATING_PAYMENT, given up', 'timeUp', states['CREATING_PAYMENT, given up'], ['CREATE_PAYMENT']],
  ['CREATING_PAYMENT, given up', 'resumed', states['CREATING_PAYMENT, given up'], ['CREATE_PAYMENT']],

  ['CREATING_PAYMENT, paid', 'paymentCreated', states.CONFIRMING_STOCK, ['CONFIRM_STOCK'], ['AUTHORIZED']],
  ['CREATING_PAYMENT, paid', 'paymentRefused', states.RELEASING, ['RELEASE_STOCK']],
  ['CREATING_PAYMENT, paid', 'paymentReported AUTHORIZED', states['CREATING_PAYMENT, paid'], []],
  ['CREATING_PAYMENT, paid', 'paymentReported CAPTURED', reportedEarly('CAPTURED'), []],
  ['CREATING_PAYMENT, paid', 'paymentReported DECLINED', reportedEarly('DECLINED'), []],
  ['CREATING_PAYMENT, paid', 'paymentReported VOIDED', reportedEarly('VOIDED'), []],
  ['CREATING_PAYMENT, paid', 'paymentReported of another', reportedEarly('AUTHORIZED', 'other'), []],
  ['CREATING_PAYMENT, paid', 'abandoned', { ...states['CREATING_PAYMENT, paid'], failure: edited }, []],
  ['CREATING_PAYMENT, paid', 'timeUp', { ...states['CREATING_PAYMENT, paid'], failure: TIME_UP }, ['CREATE_PAYMENT']],
  ['CREATING_PAYMENT, paid', 'resumed', states['CREATING_PAYMENT, paid'], ['CREATE_PAYMENT']],

  ['AWAITING_PAYMENT', 'paymentReported AUTHORIZED', states.CONFIRMING_STOCK, ['CONFIRM_STOCK'], ['AUTHORIZED']],
  ['AWAITING_PAYMENT', 'paymentReported CAPTURED', states.CONFIRMING_STOCK, ['CONFIRM_STOCK'], ['AUTHORIZED']],
  ['AWAITING_PAYMENT', 'paymentReported DECLINED', states.VOIDING, ['VOID_PAYMENT']],
  [
    'AWAITING_PAYMENT',
    'paymentReported VOIDED',
    { status: 'RELEASING', reservation, paymentId, failure: canceled },
    ['RELEASE_STOCK'],
  ],
  ['AWAITING_PAYMENT', 'completionAsked', states.AWAITING_PAYMENT, ['LOOK_UP_PAYMENT']],
  ['AWAITING_PAYMENT', 'abandoned', { status: 'VOIDING', reservation, paymentId, failure: edited }, ['VOID_PAYMENT']],
  ['AWAITING_PAYMENT', 'timeUp', states.EXPIRING, ['LOOK_UP_PAYMENT']],
  ['AWAITING_PAYMENT', 'resumed', states.AWAITING_PAYMENT, ['LOOK_UP_PAYMENT']],

  ['EXPIRING', 'paymentReported PENDING', voidingFor(TIME_UP), ['VOID_PAYMENT']],
  ['EXPIRING', 'paymentReported AUTHORIZED', states.CONFIRMING_STOCK, ['CONFIRM_STOCK'], ['AUTHORIZED']],
  ['EXPIRING', 'paymentReported CAPTURED', states.CONFIRMING_STOCK, ['CONFIRM_STOCK'], ['AUTHORIZED']],
  ['EXPIRING', 'paymentReported DECLINED', states.VOIDING, ['VOID_PAYMENT']],
  [
    'EXPIRING',
    'paymentReported VOIDED',
    { status: 'RELEASING', reservation, paymentId, failure: canceled },
    ['RELEASE_STOCK'],
  ],
  ['EXPIRING', 'abandoned', voidingFor(edited), ['VOID_PAYMENT']],
  ['EXPIRING', 'timeUp', states.EXPIRING, ['LOOK_UP_PAYMENT']],
  ['EXPIRING', 'resumed', states.EXPIRING, ['LOOK_UP_PAYMENT']],

  ['CONFIRMING_STOCK', 'stockConfirmed', states.SETTLING, ['SETTLE_PAYMENT']],
  [
    'CONFIRMING_STOCK',
    'stockGone',
    { status: 'REVERTING_STOCK', reservation, paymentId, failure: gone },
    ['REVERT_STOCK'],
  ],
  ['CONFIRMING_STOCK', 'timeUp', states.CONFIRMING_STOCK, ['CONFIRM_STOCK']],
  ['CONFIRMING_STOCK', 'resumed', states.CONFIRMING_STOCK, ['CONFIRM_STOCK']],

  ['SETTLING', 'paymentSettled', states.CLEARING_CART, ['CLEAR_CART'], ['CONFIRMED']],
  ['SETTLING', 'captureRefused', states.REVERTING_STOCK, ['REVERT_STOCK']],
  ['SETTLING', 'timeUp', states.SETTLING, ['SETTLE_PAYMENT']],
  ['SETTLING', 'resumed', states.SETTLING, ['SETTLE_PAYMENT']],

  ['REVERTING_STOCK', 'stockReverted', { status: 'VOIDING', paymentId, failure: noCapture }, ['VOID_PAYMENT']],
  ['REVERTING_STOCK', 'timeUp', states.REVERTING_STOCK, ['REVERT_STOCK']],
  ['REVERTING_STOCK', 'resumed', states.REVERTING_STOCK, ['REVERT_STOCK']],

  ['VOIDING', 'paymentVoided', { status: 'RELEASING', reservation, paymentId, failure: declined }, ['RELEASE_STOCK']],
  ['VOIDING', 'timeUp', states.VOIDING, ['VOID_PAYMENT']],
  ['VOIDING', 'resumed', states.VOIDING, ['VOID_PAYMENT']],

  [
    'VOIDING, no stock',
    'paymentVoided',
    { status: 'FAILED', failure: gone, paymentId, hasOrder: true },
    [],
    ['FAILED'],
  ],
  ['VOIDING, no stock', 'timeUp', states['VOIDING, no stock'], ['VOID_PAYMENT']],
  ['VOIDING, no stock', 'resumed', states['VOIDING, no stock'], ['VOID_PAYMENT']],

  ['RELEASING', 'stockReleased', { status: 'FAILED', failure: refused, hasOrder: true }, [], ['FAILED']],
  ['RELEASING', 'timeUp', states.RELEASING, ['RELEASE_STOCK']],
  ['RELEASING', 'resumed', states.RELEASING, ['RELEASE_STOCK']],

  ['FAILED, nothing held', 'stockReserved', states['FAILED, nothing held'], ['RELEASE_STOCK']],

  ['CLEARING_CART', 'cartCleared', states.COMPLETED, []],
  ['CLEARING_CART', 'timeUp', states.CLEARING_CART, ['CLEAR_CART']],
  ['CLEARING_CART', 'resumed', states.CLEARING_CART, ['CLEAR_CART']],
];

function voidingFor(failure: Failure): Checkout {
  return { status: 'VOIDING', reservation, paymentId, failure };
}

function reportedEarly(
  status: 'AUTHORIZED' | 'CAPTURED' | 'DECLINED' | 'VOIDED',
  id: string = paymentId,
  failure?: Failure,
): Checkout {
  const report = { paymentId: id, status, ...(status === 'DECLINED' ? { message: declined.message } : {}) };
  return { status: 'CREATING_PAYMENT', reservation, reported: report, ...(failure ? { failure } : {}) };
}

describe('the checkout machine', () => {
  it.each(table)('%s, %s', (from, event, to, requests, marks = []) => {
    const step = advance(states[from], events[event]);
    expect(step.state).toEqual(to);
    expect(step.requests.map((request) => request.type)).toEqual(requests);
    expect(step.marks).toEqual(marks);
  });

  it('changes nothing and asks for nothing on every event that is not in the table', () => {
    const listed = new Set(table.map(([from, event]) => `${from}/${event}`));
    const names = Object.keys(states).flatMap((from) =>
      Object.keys(events).map((event) => [from, event] as [StateName, EventName]),
    );
    const others = names.filter(([from, event]) => !listed.has(`${from}/${event}`));
    expect(others.length + table.length).toBe(names.length);
    for (const [from, event] of others) {
      const step = advance(states[from], events[event]);
      expect(step, `${from}, ${event}`).toEqual({ state: states[from], requests: [], marks: [] });
      expect(step.state, `${from}, ${event}`).toBe(states[from]);
    }
  });
});

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Inventory, payments and buyer of one checkout, with everything that can be late, lost or doubled. */
class World {
  stock: 'none' | 'held' | 'expired' | 'sold' | 'returned' = 'none';
  payment: 'none' | 'open' | 'authorized' | 'declined' | 'captured' | 'voided' = 'none';
  captures = 0;
  order: 'none' | 'placed' | 'confirmed' | 'failed' = 'none';
  cart: 'full' | 'cleared' = 'full';

  constructor(
    public weather: { isShort: boolean; isRestocked: boolean; refusesCapture: boolean; refusesPayment: boolean },
  ) {}

  /** The effect of a request and its answer; the same request twice has one effect. */
  perform(request: CheckoutRequest): CheckoutEvent {
    switch (request.type) {
      case 'RESERVE_STOCK':
        if (this.weather.isShort) return { type: 'stockRefused', failure: short };
        if (this.stock === 'none') this.stock = 'held';
        return { type: 'stockReserved', reservation };
      case 'CREATE_PAYMENT':
        if (this.weather.refusesPayment) return { type: 'paymentRefused', failure: refused };
        if (this.payment === 'none') this.payment = 'open';
        return { type: 'paymentCreated', paymentId };
      case 'LOOK_UP_PAYMENT':
        return this.report();
      case 'CONFIRM_STOCK':
        // A reservation that has expired is made good when units are there again.
        if (this.stock === 'held' || (this.stock === 'expired' && this.weather.isRestocked)) this.stock = 'sold';
        return this.stock === 'sold' ? { type: 'stockConfirmed' } : { type: 'stockGone', failure: gone };
      case 'SETTLE_PAYMENT':
        if (this.payment === 'authorized' && !this.weather.refusesCapture) {
          // Money is taken here and nowhere else.
          must(this.stock === 'sold', 'money without goods');
          this.payment = 'captured';
          this.captures += 1;
        }
        return this.payment === 'captured'
          ? { type: 'paymentSettled' }
          : { type: 'captureRefused', failure: noCapture };
      case 'REVERT_STOCK':
        must(this.payment !== 'captured', `${request.type} after the money was taken`);
        if (this.stock !== 'none') this.stock = 'returned';
        return { type: 'stockReverted' };
      case 'VOID_PAYMENT':
        must(this.payment !== 'captured', `${request.type} after the money was taken`);
        this.payment = 'voided';
        return { type: 'paymentVoided' };
      case 'RELEASE_STOCK':
        if (this.stock === 'held') this.stock = 'returned';
        return { type: 'stockReleased' };
      case 'CLEAR_CART':
        this.cart = 'cleared';
        return { type: 'cartCleared' };
    }
  }

  report(): CheckoutEvent {
    const status = (
      {
        none: 'PENDING',
        open: 'PENDING',
        authorized: 'AUTHORIZED',
        declined: 'DECLINED',
        captured: 'CAPTURED',
        voided: 'VOIDED',
      } as const
    )[this.payment];
    return { type: 'paymentReported', report: { paymentId, status } };
  }

  mark(mark: OrderMark): void {
    if (mark === 'PLACED') {
      must(this.order === 'none', 'placed twice');
      this.order = 'placed';
    } else if (mark === 'CONFIRMED' || mark === 'FAILED') {
      must(this.order === 'placed', `${mark} while ${this.order}`);
      this.order = mark === 'CONFIRMED' ? 'confirmed' : 'failed';
    }
  }
}

type Turn =
  | 'perform'
  | 'deliver'
  | 'deliver twice'
  | 'lose'
  | 'resume'
  | 'late'
  | 'ask'
  | 'edit'
  | 'pay'
  | 'bad card'
  | 'news'
  | 'expire';

const turns: Turn[] = [
  'perform',
  'perform',
  'perform',
  'deliver',
  'deliver',
  'deliver',
  'deliver twice',
  'lose',
  'resume',
  'resume',
  'late',
  'ask',
  'edit',
  'pay',
  'pay',
  'bad card',
  'news',
  'expire',
];

describe('a checkout in bad weather', () => {
  it('O7 never charges without stock, never charges twice, and always ends whole or undone', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.record({
          isShort: fc.boolean(),
          isRestocked: fc.boolean(),
          refusesCapture: fc.boolean(),
          refusesPayment: fc.boolean(),
        }),
        fc.array(fc.tuple(fc.constantFrom(...turns), fc.nat(20)), { maxLength: 150, size: 'max' }),
        (rare, schedule) => {
          // Refusals are drawn evenly; most runs should get further than the first of them.
          const world = new World({
            ...rare,
            isShort: rare.isShort && schedule.length % 5 === 0,
            refusesPayment: rare.refusesPayment && schedule.length % 7 === 0,
          });
          let state: Checkout = firstState;
          // Twice, as when two processes start on it.
          let requests: CheckoutRequest[] = [{ type: 'RESERVE_STOCK' }, { type: 'RESERVE_STOCK' }];
          let answers: CheckoutEvent[] = [];
          const hear = (event: CheckoutEvent) => {
            const before = state;
            const step = advance(state, event);
            state = step.state;
            if (isEnded(before)) expect(state).toBe(before);
            for (const mark of step.marks) world.mark(mark);
            requests.push(...step.requests);
          };
          const turn = (kind: Turn, at: number) => {
            if (kind === 'perform' && requests.length > 0) {
              const [request] = requests.splice(at % requests.length, 1);
              answers.push(world.perform(request!));
            }
            if (kind.startsWith('deliver') && answers.length > 0) {
              const [answer] = answers.splice(at % answers.length, 1);
              hear(answer!);
              if (kind === 'deliver twice') hear(answer!);
            }
            if (kind === 'lose') [requests, answers] = at % 2 === 0 ? [[], answers] : [requests, []];
            if (kind === 'resume') hear({ type: 'resumed' });
            if (kind === 'late') hear({ type: 'timeUp' });
            if (kind === 'ask') hear({ type: 'completionAsked' });
            if (kind === 'edit' && at === 0) hear({ type: 'abandoned', failure: edited });
            if (kind === 'pay' && world.payment === 'open') world.payment = 'authorized';
            if (kind === 'bad card' && at < 4 && world.payment === 'open') world.payment = 'declined';
            if (kind === 'news') hear(world.report());
            if (kind === 'expire' && world.stock === 'held') world.stock = 'expired';
          };
          for (const [kind, at] of schedule) turn(kind, at);
          expect(isEnded(state) || world.captures <= 1).toBe(true);

          // The faults stop: the sweeper comes by, as often as it must, and nothing else.
          const settle = () => {
            while (requests.length > 0) hear(world.perform(requests.shift()!));
          };
          const stale = requests.splice(0);
          for (let round = 0; round < 40 && !isEnded(state); round += 1) {
            hear({ type: 'timeUp' });
            settle();
          }
          // What was asked for long ago arrives now, when units are there again; so do old answers.
          world.weather = { ...world.weather, isShort: false, isRestocked: true };
          for (const request of stale) hear(world.perform(request));
          for (const answer of answers) hear(answer);
          settle();
          seen.add(`${state.status} ${world.order}`);
          expect(isEnded(state)).toBe(true);
          expect(world.captures).toBeLessThanOrEqual(1);
          if (state.status === 'COMPLETED') {
            expect(world).toMatchObject({
              stock: 'sold',
              payment: 'captured',
              captures: 1,
              order: 'confirmed',
              cart: 'cleared',
            });
          } else {
            expect(world.captures).toBe(0);
            expect(['none', 'declined', 'voided']).toContain(world.payment);
            expect(['none', 'returned', 'expired']).toContain(world.stock);
            expect(['none', 'failed']).toContain(world.order);
            expect(world.cart).toBe('full');
          }
        },
      ),
      { numRuns: cases(3_000) },
    );
    // The property says something about every way to end.
    expect([...seen].toSorted()).toEqual(['COMPLETED confirmed', 'FAILED failed', 'FAILED none']);
  });
});
