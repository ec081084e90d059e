import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ApiError } from '../http/api-error.ts';
import { Catalog } from '../store/catalog.ts';
import { compileFilter } from './compile.ts';
import type { FilterClause, FilterNode } from './ast.ts';
import { parseFilter } from './parse.ts';
import { printFilter } from './print.ts';

const bare = fc
  .stringMatching(/^[A-Za-z0-9][A-Za-z0-9 .&|_<>=*-]{0,12}[A-Za-z0-9*]$/)
  .filter((text) => !/&&|\|\|/.test(text));
const quoted = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('`'));
const value = fc.oneof(
  bare.map((text) => ({ text, quoted: false })),
  quoted.map((text) => ({ text, quoted: true })),
);

const clause: fc.Arbitrary<FilterClause> = fc.oneof(
  fc.record({
    kind: fc.constant('clause' as const),
    field: fc.stringMatching(/^[a-z][a-zA-Z_]{0,10}$/),
    operator: fc.constantFrom(':' as const, ':=' as const, ':!=' as const, ':!' as const),
    list: fc.constant(true),
    values: fc.array(value, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('clause' as const),
    field: fc.stringMatching(/^[a-z][a-zA-Z_]{0,10}$/),
    operator: fc.constantFrom(':' as const, ':=' as const, ':!=' as const, ':!' as const),
    list: fc.constant(false),
    values: fc.array(value, { minLength: 1, maxLength: 1 }),
  }),
);

const { node } = fc.letrec<{ node: FilterNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    clause,
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('node'), right: tie('node') }),
  ),
}));

function outcome(work: () => unknown): string {
  try {
    work();
    return 'answered';
  } catch (cause) {
    return cause instanceof ApiError ? 'refused' : `broke: ${String(cause)}`;
  }
}

describe('a filter', () => {
  test('that is printed parses to the same tree', () => {
    fc.assert(
      fc.property(node, (tree) => {
        expect(parseFilter(printFilter(tree))).toEqual(tree);
      }),
    );
  });

  test('of any text is parsed or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(outcome(() => parseFilter(text))).toMatch(/^(answered|refused)$/);
      }),
    );
  });

  test('binds && and || equally, from the left', () => {
    const shape = (tree: FilterNode | undefined): string =>
      tree === undefined
        ? ''
        : tree.kind === 'clause'
          ? tree.field
          : `(${shape(tree.left)} ${tree.kind} ${shape(tree.right)})`;
    expect(shape(parseFilter('a:1 || b:2 && c:3'))).toBe('((a or b) and c)');
    expect(shape(parseFilter('a:1 || (b:2 && c:3)'))).toBe('(a or (b and c))');
  });

  test('takes text in backticks as it stands', () => {
    expect(parseFilter('a:=[`x && y`, `(z), w`, plain]')).toMatchObject({
      values: [
        { text: 'x && y', quoted: true },
        { text: '(z), w', quoted: true },
        { text: 'plain', quoted: false },
      ],
    });
  });

  test('has a bounded number of operations and levels', () => {
    const many = Array.from({ length: 60 }, () => 'a:1').join(' && ');
    expect(() => parseFilter(many)).toThrow('too many operations');
    expect(() => parseFilter(`${'('.repeat(60)}a:1${')'.repeat(60)}`)).toThrow('nested too deeply');
  });
});

describe('a hostile value', () => {
  const catalog = new Catalog(':memory:');
  afterAll(() => catalog.close());
  const collection = catalog.createCollection({
    name: 'shop',
    fields: [
      { name: 'title', type: 'string', facet: true },
      { name: 'tags', type: 'string[]' },
      { name: 'stock', type: 'int32' },
      { name: 'place', type: 'geopoint', optional: true },
    ],
  });
  const run = (filter: string): number => {
    const tree = parseFilter(filter);
    if (tree === undefined) return 0;
    const { text, params } = compileFilter(tree, collection.index);
    return catalog.db.all(`SELECT c.seq FROM ${collection.index.tables.cols} c WHERE ${text}`, params).length;
  };

  test.each([
    "title:=`'; DROP TABLE collections; --`",
    'title:`" OR 1=1 --`',
    'title:`" NEAR("a" "b") AND f0 : *`',
    'title:= x"y',
    'id:=`1) OR (1=1`',
    'tags:[`{f0} : "x`, `\u0000`]',
    'title:`^*`',
  ])('is only a value: %s', (filter) => {
    expect(run(filter)).toBe(0);
    expect(catalog.db.get('SELECT count(*) AS n FROM collections')?.['n']).toBe(1);
  });

  test('of any kind in any place gives an answer or a refusal, and its text never becomes SQL', () => {
    const field = fc.constantFrom('title', 'tags', 'stock', 'place', 'id', 'nothing');
    const operator = fc.constantFrom(':', ':=', ':!=', ':!', ':>', ':<=');
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom("'", '"', '--', ');', '* OR *', 'NULL', '?1', '`'),
    );
    fc.assert(
      fc.property(field, operator, text, fc.boolean(), (name, how, raw, inBackticks) => {
        const filter = `${name}${how}${inBackticks ? `\`${raw}\`` : raw}`;
        const answer = outcome(() => {
          const tree = parseFilter(filter);
          if (tree === undefined) return;
          const compiled = compileFilter(tree, collection.index);
          if (!/^[\w\s.,*/+()<>=?-]*$/.test(compiled.text)) throw new Error(`text in SQL: ${compiled.text}`);
          catalog.db.all(`SELECT c.seq FROM ${collection.index.tables.cols} c WHERE ${compiled.text}`, compiled.params);
        });
        expect(answer).toMatch(/^(answered|refused)$/);
      }),
      { numRuns: 500 },
    );
  });
});
