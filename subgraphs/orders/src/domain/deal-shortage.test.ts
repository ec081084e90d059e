import { describe, expect, it } from 'vitest';
import { missedDeals, refusalsFor } from './deal-shortage.ts';

const lines = [{ offerId: 'off_1', dealId: 'dea_1' }, { offerId: 'off_2' }, { offerId: 'off_3', dealId: 'dea_3' }];
const short = (offerId: string, available = 0) => ({
  code: 'INSUFFICIENT_STOCK',
  message: 'Too few.',
  details: { offerId, requested: 5, available },
});

describe('C15 what inventory has too little of', () => {
  it('is another price when slots alone are short', () => {
    expect(refusalsFor([short('dea_1'), short('dea_3', 2)], lines)).toMatchObject([
      { code: 'PRICE_CHANGED', message: 'The deal is sold out; look at the new total.' },
      { code: 'PRICE_CHANGED', message: 'Only 2 are left at the price of the deal; look at the new total.' },
    ]);
  });

  it('is units and nothing else when there are too few of those', () => {
    expect(refusalsFor([short('dea_1'), short('off_2')], lines)).toEqual([short('off_2')]);
  });

  it('stays as it is when it is about something else', () => {
    const unknown = { code: 'NOT_FOUND', message: 'There is no offer off_2.' };
    expect(refusalsFor([unknown], lines)).toEqual([unknown]);
    expect(refusalsFor([], lines)).toEqual([]);
  });

  it('names the deals that were missed, by their offers', () => {
    expect(missedDeals([short('dea_3'), short('off_1')], lines)).toEqual(new Map([['off_3', 'dea_3']]));
  });
});
