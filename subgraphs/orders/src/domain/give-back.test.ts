import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceGiveBack,
  firstGiveBack,
  type GiveBack,
  type GiveBackEvent,
  giveBackRequest,
  isGivenBack,
} from './give-back.ts';

const failure = { code: 'REFUND_EXCEEDS', message: 'More than is left.' };
const other = { code: 'NOT_FOUND', message: 'Nothing was sold.' };

const states: Record<string, GiveBack> = {
  REFUNDING: { status: 'REFUNDING' },
  RESTOCKING: { status: 'RESTOCKING' },
  'RESTOCKING, refund refused': { status: 'RESTOCKING', failure },
  DONE: { status: 'DONE' },
  FAILED: { status: 'FAILED', failure },
};

const events: Record<string, GiveBackEvent> = {
  refunded: { type: 'refunded' },
  refundRefused: { type: 'refundRefused', failure },
  unitsReceived: { type: 'unitsReceived' },
  unitsRefused: { type: 'unitsRefused', failure: other },
};

const told = (state: GiveBack) =>
  `${state.status}${'failure' in state && state.failure ? ` ${state.failure.code}` : ''}`;

/** Every row that changes something; with units to put on the shelf, and without. */
const TABLE: [string, string, boolean, string][] = [
  ['REFUNDING', 'refunded', true, 'RESTOCKING'],
  ['REFUNDING', 'refunded', false, 'DONE'],
  ['REFUNDING', 'refundRefused', true, 'RESTOCKING REFUND_EXCEEDS'],
  ['REFUNDING', 'refundRefused', false, 'FAILED REFUND_EXCEEDS'],
  ['RESTOCKING', 'unitsReceived', true, 'DONE'],
  ['RESTOCKING', 'unitsRefused', true, 'FAILED NOT_FOUND'],
  ['RESTOCKING, refund refused', 'unitsReceived', true, 'FAILED REFUND_EXCEEDS'],
  ['RESTOCKING, refund refused', 'unitsRefused', true, 'FAILED REFUND_EXCEEDS'],
];

describe('giving back', () => {
  it.each(TABLE)('%s, %s (restocks: %s): %s', (from, event, restocks, to) => {
    expect(told(advanceGiveBack(states[from]!, events[event]!, { restocks }))).toBe(to);
  });

  it('ignores every answer it does not wait for', () => {
    for (const [from, state] of Object.entries(states)) {
      for (const [name, event] of Object.entries(events)) {
        if (TABLE.some(([status, type]) => status === from && type === name)) continue;
        expect(advanceGiveBack(state, event, { restocks: true })).toBe(state);
      }
    }
  });

  it('asks for one thing at a time, the money first, and for nothing when it has ended', () => {
    expect(Object.values(states).map(giveBackRequest)).toEqual([
      'REFUND',
      'RECEIVE_UNITS',
      'RECEIVE_UNITS',
      undefined,
      undefined,
    ]);
  });

  it('ends whatever answers come late, twice or out of order, and never without having settled the money', () => {
    const drawn = fc.constantFrom(...Object.values(events));
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 20 }), fc.boolean(), (noise, restocks) => {
        let state = firstGiveBack;
        let isRefundSettled = false;
        for (const event of noise) {
          if (state.status === 'REFUNDING') isRefundSettled ||= event.type.startsWith('refund');
          state = advanceGiveBack(state, event, { restocks });
          if (state.status !== 'REFUNDING') expect(isRefundSettled).toBe(true);
        }
        if (!isGivenBack(state)) state = advanceGiveBack(state, events['refunded']!, { restocks });
        if (!isGivenBack(state)) state = advanceGiveBack(state, events['unitsReceived']!, { restocks });
        expect(isGivenBack(state)).toBe(true);
      }),
    );
  });
});
