import { describe, expect, it } from 'vitest';
import { type KnownOffer, type ProductFacts, type ProductSources, readOffers, toDocument } from './product-document.ts';

const facts: ProductFacts = {
  slug: 'lamp',
  title: 'Lamp',
  description: 'To read by.',
  status: 'PUBLISHED',
  brand: 'North',
  categoryPath: [
    { id: 'cat_home', name: 'Home' },
    { id: 'cat_lamps', name: 'Lamps' },
  ],
  attributes: [
    { key: 'colour', value: 'brass', unit: null, isFacet: true },
    { key: 'height', value: 40, unit: 'cm', isFacet: true },
    { key: 'dimmable', value: true, unit: null, isFacet: true },
    { key: 'serial', value: 'X1', unit: null, isFacet: false },
  ],
  createdAt: '2026-01-01T00:00:00.000Z',
};
const anOffer = (id: string, amount: number, more: Partial<KnownOffer['facts']> & { available?: number } = {}) => {
  const { available = 1, ...rest } = more;
  return { id, available, facts: { vendorId: 'ven_a', status: 'ACTIVE', amount, currencyCode: 'EUR', ...rest } };
};
const aProduct = (more: Partial<ProductSources> = {}): ProductSources => ({
  productId: 'prd_1',
  facts,
  offers: [anOffer('off_1', 500)],
  vendors: new Map(),
  rating: { average: 4.5, count: 2 },
  sold: 7,
  ...more,
});

describe('the document of a product', () => {
  it('S14 C16 has one set of words per language, the language’s own before that of a country', () => {
    const translations = [
      { language: 'pt-BR', title: 'Luminária', description: null },
      { language: 'de-AT', title: 'Lampe (Wien)', description: 'Zum Lesen.' },
      { language: 'DE', title: 'Leuchte', description: null },
      { language: '*', title: 'No language', description: null },
    ];
    const document = toDocument(aProduct({ facts: { ...facts, translations } }))!;
    expect(Object.entries(document).filter(([name]) => /^(title|description)_/.test(name))).toEqual([
      ['title_de', 'Leuchte'],
      ['title_pt', 'Luminária'],
    ]);
  });

  it('has what is searched, narrowed and sorted by', () => {
    expect(toDocument(aProduct())).toEqual({
      embedding: expect.any(Array),
      id: 'prd_1',
      slug: 'lamp',
      title: 'Lamp',
      description: 'To read by.',
      brand: 'North',
      categories: ['Home', 'Lamps'],
      categoryIds: ['cat_home', 'cat_lamps'],
      categoryPaths: ['Home', 'Home > Lamps'],
      attributes: ['colour=brass', 'height=40 cm', 'dimmable=true'],
      attributeTexts: ['brass', '40 cm', 'X1'],
      codes: [],
      vendorIds: ['ven_a'],
      stockedVendorIds: ['ven_a'],
      currencies: ['EUR'],
      prime: [false],
      shipsTo: ['ALL'],
      inStock: true,
      rating: 4.5,
      ratingCount: 2,
      stars: 4,
      popularity: 7,
      createdAt: 1_767_225_600,
      offers: '[{"id":"off_1","vendorId":"ven_a","amount":500,"currencyCode":"EUR","inStock":true}]',
      price_EUR: 500,
      prices_EUR: [500],
    });
  });

  it('says where those who have it ship to and whether they are Prime', () => {
    const vendors = new Map([
      ['ven_a', { isPrimeEligible: true, location: null, shipsTo: ['AT', 'DE'] }],
      ['ven_b', { isPrimeEligible: false, location: null, shipsTo: null }],
    ]);
    const offers = [anOffer('off_1', 500), anOffer('off_2', 400, { vendorId: 'ven_b' })];
    expect(toDocument(aProduct({ vendors, offers }))).toMatchObject({
      prime: [false, true],
      shipsTo: ['ALL', 'AT', 'DE'],
    });
    const soldOut = [offers[0]!, { ...offers[1]!, available: 0 }];
    expect(toDocument(aProduct({ vendors, offers: soldOut }))).toMatchObject({ prime: [true], shipsTo: ['AT', 'DE'] });
  });

  it.each(['DRAFT', 'PENDING_REVIEW', 'REJECTED', 'ARCHIVED'])('does not exist while it is %s', (status) => {
    expect(toDocument(aProduct({ facts: { ...facts, status } }))).toBeNull();
  });

  it.each(['PAUSED', 'OUT_OF_COMPLIANCE', 'ARCHIVED'])('does not exist when its only offer is %s', (status) => {
    expect(toDocument(aProduct({ offers: [anOffer('off_1', 500, { status })] }))).toBeNull();
  });

  it('does not exist before the catalog has told of it', () => {
    expect(toDocument(aProduct({ facts: null }))).toBeNull();
  });

  it('S1 is narrowed by the options of what is in stock, and has the words of all, each offer its own', () => {
    const colour = (value: string) => [{ key: 'colour', value, unit: null }];
    const variants = [
      { id: 'var_1', gtin: null, options: [...colour('white'), { key: 'length', value: 2, unit: 'm' }] },
      { id: 'var_2', gtin: null, options: colour('black') },
      { id: 'var_3', gtin: null, options: colour('green') },
    ];
    const offers = [
      anOffer('off_1', 100, { variantId: 'var_1' }),
      anOffer('off_2', 200, { variantId: 'var_2', available: 0 }),
      anOffer('off_3', 300, { variantId: 'var_gone' }),
    ];
    const attributes = [{ key: 'voltage', value: 230, unit: 'V', isFacet: true }];
    const document = toDocument(aProduct({ facts: { ...facts, attributes, variants }, offers }))!;
    expect(document.attributes).toEqual(['voltage=230 V', 'colour=white', 'length=2 m']);
    expect(document.attributeTexts).toEqual(['230 V', '2 m', 'black', 'green', 'white']);
    expect(readOffers(document).map(({ id, options }) => [id, options])).toEqual([
      ['off_1', ['colour=white', 'length=2 m']],
      ['off_3', undefined],
      ['off_2', ['colour=black']],
    ]);
    const soldOut = offers.map((offer) => ({ ...offer, available: 0 }));
    expect(toDocument(aProduct({ facts: { ...facts, attributes, variants }, offers: soldOut }))!.attributes).toEqual([
      'voltage=230 V',
      'colour=black',
      'colour=white',
      'length=2 m',
    ]);
  });

  it('S1 has the codes of its variants and of what is offered', () => {
    const variants = [{ id: 'var_1', gtin: '4006381333931', options: [] }];
    const offers = [
      anOffer('off_1', 1, { sku: 'LAMP-1/b' }),
      anOffer('off_2', 1, { sku: 'lamp 1B' }),
      anOffer('off_3', 1, { sku: 'GONE', status: 'ARCHIVED' }),
    ];
    expect(toDocument(aProduct({ facts: { ...facts, variants }, offers }))!.codes).toEqual(['4006381333931', 'lamp1b']);
  });

  it('has the prices of what is in stock, per currency, and all offers the cheapest in stock first', () => {
    const document = toDocument(
      aProduct({
        offers: [
          anOffer('off_1', 900),
          anOffer('off_2', 100, { available: 0, vendorId: 'ven_b' }),
          anOffer('off_3', 400),
          anOffer('off_4', 300, { currencyCode: 'USD' }),
        ],
      }),
    )!;
    expect(document).toMatchObject({ price_EUR: 400, prices_EUR: [400, 900], price_USD: 300, prices_USD: [300] });
    expect(document.stockedVendorIds).toEqual(['ven_a']);
    expect(document.vendorIds).toEqual(['ven_a', 'ven_b']);
    expect(readOffers(document).map(({ id }) => id)).toEqual(['off_3', 'off_1', 'off_4', 'off_2']);
  });

  it('has a price also when all is sold out', () => {
    const document = toDocument(aProduct({ offers: [anOffer('off_1', 500, { available: 0 })] }));
    expect(document).toMatchObject({ inStock: false, price_EUR: 500, stockedVendorIds: [] });
  });

  it('stays small', () => {
    const offers = Array.from({ length: 500 }, (_, at) => anOffer(`off_${at}`, at));
    const document = toDocument(aProduct({ offers, facts: { ...facts, description: 'a'.repeat(10_000) } }))!;
    expect(readOffers(document)).toHaveLength(100);
    expect(document.description).toHaveLength(4_000);
  });
});
