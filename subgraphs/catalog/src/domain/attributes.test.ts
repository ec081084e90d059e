import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttributeDefinition, inheritedSchema, parseAttributeSchema } from './attribute-schema.ts';
import { checkAttributes, describeAttributes, missingAttributes } from './attributes.ts';

function schemaOf(json: unknown): AttributeDefinition[] {
  const outcome = parseAttributeSchema(json, ['attributeSchema']);
  if (!outcome.ok) throw new Error(outcome.rejection[0]?.message);
  return outcome.value;
}
const schema = schemaOf([
  { key: 'colour', type: 'enum', values: ['black', 'white'], isFacet: true, isVariantAxis: true },
  { key: 'watts', label: 'Power', type: 'number', unit: 'W', required: true },
  { key: 'dimmable', type: 'boolean' },
  { key: 'material', type: 'string' },
]);
const check = (key: string, value: unknown, unit?: string) =>
  checkAttributes([{ key, value, unit }], schema, { field: ['attributes'] });

describe('C16 a label in the language of the reader', () => {
  const labelled = schemaOf([
    {
      key: 'colour',
      label: 'Colour',
      type: 'string',
      labels: [
        { language: 'de', label: 'Farbe' },
        { language: 'pt-BR', label: 'Cor' },
      ],
    },
  ]);
  it.each([
    [undefined, 'Colour'],
    ['de', 'Farbe'],
    ['de-AT', 'Farbe'],
    ['pt', 'Cor'],
    ['fi', 'Colour'],
  ])('%s: %s', (language, label) => {
    const value = { key: 'colour', value: 'brass', unit: null };
    expect(describeAttributes([value], labelled, language)).toMatchObject([{ label, value: 'brass' }]);
  });

  it.each([
    ['no list', { de: 'Farbe' }],
    [
      'a language twice',
      [
        { language: 'de', label: 'a' },
        { language: 'DE', label: 'b' },
      ],
    ],
    ['no language', [{ language: 'german!', label: 'a' }]],
    ['no text', [{ language: 'de', label: '' }]],
    ['more than that', [{ language: 'de', label: 'a', note: 'b' }]],
    [
      'too many',
      Array.from({ length: 51 }, (_, n) => ({
        language: `a${String.fromCodePoint(97 + (n % 26))}-${1000 + n}`,
        label: 'x',
      })),
    ],
  ])('is refused as %s', (_, labels) => {
    const refused = parseAttributeSchema([{ key: 'colour', type: 'string', labels }], ['attributeSchema']);
    expect(refused).toMatchObject({ ok: false, rejection: [{ field: ['attributeSchema', '0'] }] });
  });
});

describe('a value against its definition', () => {
  it.each([
    ['colour', 'black', true],
    ['colour', 'mauve', false],
    ['colour', 1, false],
    ['watts', 7.5, true],
    ['watts', '7.5', false],
    ['watts', Number.NaN, false],
    ['watts', Number.POSITIVE_INFINITY, false],
    ['dimmable', false, true],
    ['dimmable', 'false', false],
    ['material', 'brass', true],
    ['material', '', false],
    ['material', 'x'.repeat(2_001), false],
    ['material', null, false],
    ['material', { a: 1 }, false],
    ['material', ['a'], false],
    ['height', 1, false],
    ['__proto__', 'x', false],
  ])('%s %j: %s', (key, value, is) => {
    const outcome = check(key, value);
    expect(outcome.ok).toBe(is);
    if (!outcome.ok) expect(outcome.rejection[0]?.field?.slice(0, 2)).toEqual(['attributes', '0']);
  });

  it('stores the unit of the definition, and refuses another', () => {
    expect(check('watts', 7)).toMatchObject({ ok: true, value: [{ unit: 'W' }] });
    expect(check('watts', 7, 'W').ok).toBe(true);
    expect(check('watts', 7, 'kW')).toMatchObject({ rejection: [{ field: ['attributes', '0', 'unit'] }] });
  });

  it('lets only variant axes tell variants apart', () => {
    const options = { field: ['options'], only: 'variantAxis' as const };
    expect(checkAttributes([{ key: 'colour', value: 'black' }], schema, options).ok).toBe(true);
    expect(checkAttributes([{ key: 'watts', value: 7 }], schema, options).ok).toBe(false);
  });

  it('takes any scalar where nothing is defined', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 1, maxLength: 100 }), fc.integer(), fc.boolean()), (value) => {
        expect(checkAttributes([{ key: 'anything', value }], [], { field: [] })).toMatchObject({
          ok: true,
          value: [{ value }],
        });
      }),
    );
  });
});

describe('a schema', () => {
  it('says what is missing, and how a value is shown', () => {
    expect(missingAttributes([], schema)).toEqual(['watts']);
    expect(missingAttributes([{ key: 'watts', value: 7, unit: 'W' }], schema)).toEqual([]);
    const [shown] = describeAttributes([{ key: 'watts', value: 7, unit: 'W' }], schema);
    expect(shown).toEqual({ key: 'watts', value: 7, unit: 'W', label: 'Power', isFacet: false, isVariantAxis: false });
  });

  it('is inherited, and its own definition wins', () => {
    const below = schemaOf([
      { key: 'watts', label: 'Wattage', type: 'number' },
      { key: 'socket', type: 'string' },
    ]);
    const merged = inheritedSchema([{ attributeSchema: schema }, { attributeSchema: below }]);
    expect(merged.map(({ key, label }) => [key, label])).toEqual([
      ['colour', 'colour'],
      ['watts', 'Wattage'],
      ['dimmable', 'dimmable'],
      ['material', 'material'],
      ['socket', 'socket'],
    ]);
  });

  it('comes back from its own JSON', () => {
    expect(schemaOf(JSON.parse(JSON.stringify(schema)))).toEqual(schema);
  });
});
