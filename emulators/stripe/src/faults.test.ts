import { describe, expect, it } from 'vitest';

import { Faults } from './faults.ts';

describe('scripted faults', () => {
  it('are used up after their number of times', () => {
    const faults = new Faults();
    faults.add({ kind: 'rateLimit429', times: 2 });

    expect([1, 2, 3].map(() => faults.takeForRequest('GET', '/v1/balance').length)).toEqual([1, 1, 0]);
  });

  it.each([
    [{}, true],
    [{ method: 'POST' as const }, true],
    [{ method: 'GET' as const }, false],
    [{ path: '/v1/payment_intents/pi_1/capture' }, true],
    [{ path: '/v1/payment_intents/*/capture' }, true],
    [{ path: '/v1/payment_intents/*' }, true],
    [{ path: '/v1/payment_intents' }, false],
    [{ path: '/v1/payment.intents/*' }, false],
  ])('%j meets the capture of a payment: %s', (match, meets) => {
    const faults = new Faults();
    faults.add({ kind: 'error500AfterEffect', match });

    expect(faults.takeForRequest('POST', '/v1/payment_intents/pi_1/capture')).toHaveLength(meets ? 1 : 0);
  });

  it('several meet one request together', () => {
    const faults = new Faults();
    faults.add({ kind: 'delayBefore', ms: 1 });
    faults.add({ kind: 'error500AfterEffect' });

    expect(faults.takeForRequest('POST', '/v1/refunds').map(({ kind }) => kind)).toEqual([
      'delayBefore',
      'error500AfterEffect',
    ]);
  });

  it('are bounded', () => {
    const faults = new Faults();
    for (let n = 0; n < 1_000; n += 1) faults.add({ kind: 'rateLimit429' });

    expect(() => faults.add({ kind: 'rateLimit429' })).toThrow('At most 1000');
  });
});
