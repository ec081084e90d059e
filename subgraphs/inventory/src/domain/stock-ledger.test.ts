import { expect, it } from 'vitest';
import { type LedgerLevel, type LedgerOffer, StockLedger } from './stock-ledger.ts';

const offer = (offerId: string): LedgerOffer => ({
  ...{ offerId, vendorId: 'ven_1', lowStockThreshold: 5, sequence: 1, allowance: null },
});
const level = (offerId: string): LedgerLevel => ({
  ...{ id: `lvl_${offerId}`, offerId, warehouseId: 'whs_1', onHand: 10, reserved: 2, version: 4 },
});
const release = (offerId: string) => ({
  ...{ offerId, warehouseId: 'whs_1', onHandDelta: 0, reservedDelta: -1, reason: 'RELEASE' },
});

it('I7 an entry that moves the stock of what is not locked leaves nothing behind, of its other offers neither', () => {
  const ledger = new StockLedger([offer('off_a')], [level('off_a'), level('off_b')]);
  const entry = ledger.begin();
  expect([entry.move(release('off_a')), entry.move(release('off_b'))]).toEqual([true, true]);
  expect(() => ledger.keep(entry)).toThrow('off_b');
  expect(ledger.writes).toEqual({ levels: [], opened: [], moves: [], offers: [] });
  expect(ledger.levelsOf('off_b')).toEqual([level('off_b')]);
});
