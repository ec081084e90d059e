import { afterAll, beforeAll, describe } from 'vitest';
import { type AttackedShop, openAttackedShop } from './attacked-shop.ts';
import { itBeginsOnlyWhereItEnded } from './cursors.ts';
import { itFindsOnlyWhatIsAsked } from './finding.ts';
import { itTakesWhatIsGoodOfAFeed } from './feed-rows.ts';
import { itKnowsWhoAsks } from './identity.ts';
import { itKeepsVendorsApart } from './ownership.ts';
import { itKeepsItsPrices } from './prices.ts';
import { itChecksWhatItIsGiven } from './values.ts';

/** Each a typed error or a listed row, and nothing half-written. */
describe.each(['monolith', 'processes'] as const)('bad input, %s', (shape) => {
  let shop: AttackedShop | undefined;
  const opened = (): AttackedShop => shop!;

  beforeAll(async () => {
    shop = await openAttackedShop(shape);
  });
  afterAll(() => shop?.stop());

  itKnowsWhoAsks(opened);
  itChecksWhatItIsGiven(opened);
  itKeepsVendorsApart(opened);
  itKeepsItsPrices(opened);
  itBeginsOnlyWhereItEnded(opened);
  itFindsOnlyWhatIsAsked(opened);
  itTakesWhatIsGoodOfAFeed(opened);
});
