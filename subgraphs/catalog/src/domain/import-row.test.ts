import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derivedSku, readImportRow, skuSource } from './import-row.ts';

const row = { sku: 'A', title: 'Lamp', category: ['Home', 'Lamps'], price: 49.99 };
const read = (more: object) => readImportRow({ ...row, ...more }, { currencyCode: 'EUR' });

describe('a row of a feed', () => {
  it.each<[string, object, object]>([
    ['a decimal in the currency of the import', {}, { price: { amount: 4_999, currencyCode: 'EUR' } }],
    ['a decimal as text', { price: '49.99', currency: 'USD' }, { price: { amount: 4_999, currencyCode: 'USD' } }],
    ['minor units', { price: undefined, priceMinor: 4_999 }, { price: { amount: 4_999, currencyCode: 'EUR' } }],
    ['money', { price: { amount: 499, currencyCode: 'JPY' } }, { price: { amount: 499, currencyCode: 'JPY' } }],
    ['a number as a sku', { sku: 4_711 }, { sku: '4711' }],
    ['no sku', { sku: undefined }, { sku: null }],
    ['a slug path', { category: 'home/lamps' }, { category: { by: 'slugs', parts: ['home', 'lamps'] } }],
    [
      'names in a table',
      { category: 'Home > Desk lamps' },
      { category: { by: 'names', parts: ['Home', 'Desk lamps'] } },
    ],
    ['one name in a table', { category: 'Desk lamps' }, { category: { by: 'names', parts: ['Desk lamps'] } }],
    [
      'names as JSON in a table',
      { category: '["Home","Lamps"]' },
      { category: { by: 'names', parts: ['Home', 'Lamps'] } },
    ],
    ['attributes as JSON in a table', { attributes: '{"watts":7}' }, { attributes: [{ key: 'watts', value: 7 }] }],
    ['fields nobody knows', { popularity: 5 }, { title: 'Lamp' }],
  ])('takes %s', (_, more, expected) => {
    expect(read(more)).toMatchObject({ ok: true, value: expected });
  });

  it('takes the words of plain product lists', () => {
    const plain = { name: 'Lamp', categories: ['Home'], price: 1, image: 'https://x.example/a.jpg', brand: 'North' };
    expect(readImportRow(plain, { currencyCode: 'EUR' })).toMatchObject({
      ok: true,
      value: { title: 'Lamp', imageUrl: 'https://x.example/a.jpg', brand: 'North', category: { parts: ['Home'] } },
    });
  });

  it.each<[string, object, string]>([
    ['no title', { title: undefined }, 'title'],
    ['an object as a title', { title: {} }, 'title'],
    ['no category', { category: [] }, 'category'],
    ['numbers as category', { category: [1] }, 'category'],
    ['no price', { price: undefined }, 'price'],
    ['true as a price', { price: true }, 'price'],
    ['half a cent', { price: 0.005 }, 'price'],
    ['half a minor unit', { price: undefined, priceMinor: 1.5 }, 'price'],
    ['an unknown currency', { currency: 'XXXX' }, 'currency'],
    ['a list as attributes', { attributes: [] }, 'attributes'],
    ['an operator in JSON in a table', { attributes: '{"$ne":1}' }, 'attributes'],
    ['a file as an image', { imageUrl: 'file:///etc/passwd' }, 'imageUrl'],
    ['a page as an image', { imageUrl: 'data:text/html,x' }, 'imageUrl'],
    ['credentials in an image', { imageUrl: 'https://a:b@x.example/' }, 'imageUrl'],
    ['a fraction of a gram', { weightGrams: '1.5' }, 'weightGrams'],
  ])('refuses %s', (_, more, field) => {
    expect(read(more)).toMatchObject({
      ok: false,
      rejection: [{ field: expect.arrayContaining([field]) as string[] }],
    });
  });

  it('never throws, whatever a line holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record({
            title: fc.jsonValue(),
            category: fc.jsonValue(),
            price: fc.jsonValue(),
            attributes: fc.jsonValue(),
            imageUrl: fc.jsonValue(),
          }),
        ),
        (value) => {
          expect(typeof readImportRow(value, { currencyCode: 'EUR' }).ok).toBe('boolean');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gets the same sku from the same row, whatever its price and words', () => {
    const one = { title: 'Brass lamp', brand: 'North', imageUrl: null, gtin: null };
    expect(skuSource(one)).toBe(skuSource({ ...one }));
    expect(skuSource(one)).not.toBe(skuSource({ ...one, imageUrl: 'https://x.example/' }));
    expect(derivedSku(one, 'abcdef0123456789')).toBe('brass-lamp-abcdef0123');
  });
});
