import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printed, seededRandom, spoil, type TrialListing, tryScreening } from '../../../test/screening-trial.ts';
import type { CategoryProfile } from './category-profile.ts';
import { priceBurst } from './price-burst.ts';
import { type ScreenedListing, type ScreenedOffer, screenListing, type Surroundings } from './screen-listing.ts';
import { bandsOf, shinglesOf, similarity } from './title-twins.ts';

const now = new Date('2026-01-01T12:00:00Z');
const SEED = 20_260_101;

/** Of each category: what its things are called, and what they cost in the middle, in minor units. */
const SHELVES: readonly { categories: string[]; nouns: string; words: string; priceMinor: number }[] = [
  {
    categories: ['Home', 'Lamps'],
    nouns: 'desk lamp|floor lamp|pendant light|reading light|lantern',
    words: 'brass linen dimmable walnut marble tripod globe shade glass bulb LED warm',
    priceMinor: 6_900,
  },
  {
    categories: ['Home', 'Kitchen'],
    nouns: 'frying pan|saucepan|chef knife|cutting board|stock pot',
    words: 'steel nonstick induction copper cast iron oak carbon forged enamelled lid riveted',
    priceMinor: 4_500,
  },
  {
    categories: ['Sports', 'Cycling'],
    nouns: 'road bike|bike helmet|saddle|handlebar tape|wheelset',
    words: 'carbon aero disc tubeless gravel alloy hydraulic race touring padded vented titanium',
    priceMinor: 12_000,
  },
  {
    categories: ['Sports', 'Camping'],
    nouns: 'tent|sleeping bag|camping stove|headtorch|hiking backpack',
    words: 'ultralight down waterproof ripstop season gas trekking hydration inflatable alpine dome',
    priceMinor: 9_900,
  },
  {
    categories: ['Books', 'Cooking'],
    nouns: 'cookbook|baking guide|recipe collection|kitchen companion',
    words: 'vegetarian italian sourdough family quick illustrated seasonal hardback grandmother weeknight spice',
    priceMinor: 2_400,
  },
  {
    categories: ['Books', 'Travel'],
    nouns: 'travel guide|road atlas|phrasebook|city walks',
    words: 'pocket illustrated islands mountains coastal hidden railway weekend map italian budget second',
    priceMinor: 1_900,
  },
];
const BRANDS = [
  'Nordlys',
  'Halden',
  'Aster',
  'Fjord',
  'Kestrel',
  'Bramble',
  'Orion',
  'Pale',
  'Quill',
  'Ridge',
  'Sable',
  'Thorn',
];

/** A shop as it might be: prices spread like those of real shops, titles made of the words of their shelf. */
function aShop(count: number): TrialListing[] {
  const random = seededRandom(SEED);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, (_, index) => {
    const shelf = pick(SHELVES);
    const brand = pick(BRANDS);
    const words = [pick(shelf.words.split(' ')), pick(shelf.words.split(' ')), pick(shelf.words.split(' '))];
    return {
      id: `prd_${String(index).padStart(6, '0')}`,
      vendorId: `ven_${brand}`,
      title: `${brand} ${[...new Set(words)].join(' ')} ${pick(shelf.nouns.split('|'))} ${100 + Math.floor(random() * 900)}`,
      brand,
      categories: shelf.categories,
      priceMinor: Math.max(100, Math.round(shelf.priceMinor * Math.exp(0.6 * normal()))),
    };
  });
}

describe('the screening of a shop', () => {
  it('C20 finds prices times a hundred, copied titles and strays, and leaves the rest alone', () => {
    const clean = aShop(1_500);
    expect(tryScreening(clean).flagged.length).toBeLessThanOrEqual(15);
    const result = tryScreening(spoil(clean, { every: 10, seed: SEED }));
    console.info(`C20, seed ${SEED}:\n${printed(result)}`);
    expect(result.precision).toBeGreaterThanOrEqual(0.95);
    expect(result.recall).toBeGreaterThanOrEqual(0.95);
    for (const { made, found } of result.byKind.values()) expect(found).toBeGreaterThanOrEqual(0.9 * made);
  });

  it('C20 says the same of the same shop', () => {
    const spoiled = spoil(aShop(400), { every: 10, seed: SEED });
    expect(tryScreening(spoiled).flagged).toEqual(tryScreening(spoiled).flagged);
  });
});

const anOffer = (more: Partial<ScreenedOffer> = {}): ScreenedOffer => ({
  id: 'off_1',
  vendorId: 'ven_1',
  price: { amount: 5_000, currencyCode: 'EUR' },
  earlierPrices: [],
  ...more,
});
const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });
const aListing = (more: Partial<ScreenedListing> = {}): ScreenedListing => ({
  id: 'prd_1',
  vendorId: 'ven_1',
  title: 'Brass desk lamp with linen shade',
  categoryId: 'cat_lamps',
  words: ['brass', 'desk', 'lamp'],
  offers: [anOffer()],
  ...more,
});
const profile = (more: Partial<CategoryProfile> = {}): CategoryProfile => ({
  id: 'cat_lamps',
  name: 'Lamps',
  size: 100,
  words: new Map(),
  spreads: new Map([['EUR', { count: 100, median: Math.log(5_000), deviation: 0.4 }]]),
  ...more,
});
const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  levels: [{ own: profile(), rivals: [] }],
  twins: [],
  now,
  ...more,
});
const kinds = (listing: ScreenedListing, more: Partial<Surroundings> = {}) =>
  screenListing(listing, around(more)).map(({ kind }) => kind);
const priced = (amount: number, more: Partial<ScreenedOffer> = {}) =>
  aListing({ offers: [anOffer({ price: eur(amount), ...more })] });

describe('a price', () => {
  it.each([
    [5_000, []],
    [20_000, []],
    [500_000, ['PRICE_OUTLIER']],
    [1_000, []],
    [50, ['PRICE_OUTLIER']],
  ] as const)('of %i where 5000 is usual: %j', (amount, expected) => {
    expect(kinds(priced(amount))).toEqual(expected);
  });

  it('is not judged by a few others, nor by those in another currency', () => {
    const few = profile({ spreads: new Map([['EUR', { count: 19, median: Math.log(5_000), deviation: 0.4 }]]) });
    expect(kinds(priced(500_000), { levels: [{ own: few, rivals: [] }] })).toEqual([]);
    const yen = anOffer({ price: { amount: 800_000, currencyCode: 'JPY' } });
    expect(kinds(aListing({ offers: [yen] }))).toEqual([]);
  });

  it('is judged by what it was before, unless it has come back to what is usual', () => {
    const until = new Date('2025-06-01');
    const none = { levels: [] };
    expect(kinds(priced(500_000, { earlierPrices: [{ ...eur(5_000), until }] }), none)).toEqual(['PRICE_OUTLIER']);
    expect(kinds(priced(9_000, { earlierPrices: [{ ...eur(5_000), until }] }), none)).toEqual([]);
    expect(kinds(priced(5_000, { earlierPrices: [{ ...eur(500_000), until }] }))).toEqual([]);
  });

  it('is judged by what others ask for the same', () => {
    const others = ['ven_2', 'ven_3'].map((vendorId) => anOffer({ id: `off_${vendorId}`, vendorId }));
    const dear = anOffer({ price: eur(60_000) });
    expect(kinds(aListing({ offers: [dear, ...others] }), { levels: [] })).toEqual(['PRICE_ABOVE_OTHERS']);
    expect(kinds(aListing({ offers: [anOffer({ price: eur(9_000) }), ...others] }), { levels: [] })).toEqual([]);
  });

  it('is not to change all day', () => {
    const changes = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...eur(5_000 + index), until: new Date(now.getTime() - 60_000) }));
    expect(kinds(priced(5_100, { earlierPrices: changes(8) }))).toEqual([]);
    expect(kinds(priced(5_100, { earlierPrices: changes(9) }))).toEqual(['PRICE_CHURN']);
    const longAgo = changes(12).map((change) => ({ ...change, until: new Date('2025-12-01') }));
    expect(kinds(priced(5_100, { earlierPrices: longAgo }))).toEqual([]);
  });

  it.each([
    [19, 19, false],
    [20, 200, false],
    [20, 80, true],
    [500, 600, true],
  ])('%i jumps of a vendor with %i offers: a burst, %s', (jumped, offers, isBurst) => {
    expect(priceBurst('ven_1', { jumped, offers }, now) !== undefined).toBe(isBurst);
  });
});

describe('a title', () => {
  const copied = (title: string) => kinds(aListing(), { twins: [{ id: 'prd_0', title }] });
  it.each([
    ['Brass desk lamp with linen shade', ['COPIED_TITLE']],
    ['BRASS desk-lamp, with linen shade!', ['COPIED_TITLE']],
    ['Brass desk lamp with paper shade', []],
    ['Walnut floor lamp', []],
  ] as const)('is compared with “%s”: %j', (title, expected) => {
    expect(copied(title)).toEqual(expected);
  });

  it('is not copied when it is too short to be anybody’s own', () => {
    const short = aListing({ title: 'Desk lamp' });
    expect(kinds(short, { twins: [{ id: 'prd_0', title: 'Desk lamp' }] })).toEqual([]);
  });

  it('shares a band with itself and nearly always with its twins', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{2,8}$/), { minLength: 10, maxLength: 20 }), (words) => {
        const title = words.join(' ');
        const bands = new Set(bandsOf(shinglesOf(title)));
        expect(bandsOf(shinglesOf(title.toUpperCase()))).toEqual([...bands]);
        const longer = shinglesOf(`${title} new`);
        if (similarity(shinglesOf(title), longer) < 0.85) return;
        expect(bandsOf(longer).some((band) => bands.has(band))).toBe(true);
      }),
      { seed: SEED },
    );
  });
});

it('an order of flags: one of each kind, the surest first, each with words and a score', () => {
  const until = new Date('2025-06-01');
  const listing = aListing({
    offers: [
      anOffer({ price: eur(60_000) }),
      anOffer({ id: 'off_2', price: eur(5_000_000), earlierPrices: [{ ...eur(5_000), until }] }),
    ],
  });
  const flags = screenListing(listing, around({ twins: [{ id: 'prd_0', title: listing.title }] }));
  expect(flags.map(({ kind }) => kind)).toEqual(['PRICE_OUTLIER', 'COPIED_TITLE']);
  expect(flags[0]).toMatchObject({
    basis: 'off_2 5000000 EUR',
    reason: expect.stringContaining('50000.00 EUR') as string,
  });
  for (const { score, reason } of flags) {
    expect(score).toBeGreaterThanOrEqual(1);
    expect(score).toBeLessThanOrEqual(95);
    expect(reason.length).toBeGreaterThan(10);
  }
});
