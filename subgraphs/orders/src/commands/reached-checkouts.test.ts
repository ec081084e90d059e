import { describe, expect, it } from 'vitest';
import { reachedCheckouts } from './reached-checkouts.ts';

describe('how far checkouts have come', () => {
  it('is known of the newest two thousand, each as it was last', () => {
    const reached = reachedCheckouts();
    expect(reached.of('ord_0')).toBeUndefined();
    for (let order = 0; order < 2_000; order += 1) reached.remember(`ord_${order}`, { status: 'RESERVING' });
    reached.remember('ord_0', { status: 'COMPLETED', paymentId: 'pay_0' } as never);
    reached.remember('ord_2000', { status: 'RESERVING' });
    expect(reached.of('ord_0')).toMatchObject({ status: 'COMPLETED' });
    expect(reached.of('ord_1')).toBeUndefined();
    expect(reached.of('ord_2')).toMatchObject({ status: 'RESERVING' });
    expect(reached.of('ord_2000')).toMatchObject({ status: 'RESERVING' });
  });
});
