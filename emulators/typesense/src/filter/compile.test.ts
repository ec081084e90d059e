import { afterAll, describe, expect, test } from 'vitest';
import { Catalog } from '../store/catalog.ts';
import { compileFilter } from './compile.ts';
import { parseFilter } from './parse.ts';

const catalog = new Catalog(':memory:');
afterAll(() => catalog.close());
const collection = catalog.createCollection({
  name: 'shop',
  fields: [
    { name: 'title', type: 'string', optional: true },
    { name: 'tags', type: 'string[]', optional: true },
    { name: 'price', type: 'float', optional: true },
    { name: 'sizes', type: 'int32[]', optional: true },
    { name: 'flags', type: 'bool[]', optional: true },
    { name: 'sold', type: 'bool', optional: true },
    { name: 'note', type: 'string', index: false },
  ],
});
const long = Array.from({ length: 60 }, (_, at) => `word${at}`).join(' ');
collection.transaction(() => {
  const rows = [
    { id: 'empty' },
    { id: 'full', title: 'Red Lamp', tags: ['a b', 'c'], price: -1.5, sizes: [1, 1, 3], flags: [true], sold: true },
    { id: 'other', title: long, tags: [], price: 1e6, sizes: [2], flags: [false, true], sold: false, note: 'x' },
  ];
  for (const document of rows) collection.write({ document, action: 'create', dirtyValues: 'reject' });
});

function select(filter: string): string[] {
  const tree = parseFilter(filter);
  if (tree === undefined) return [];
  const { text, params } = compileFilter(tree, collection.index);
  const { docs, cols } = collection.index.tables;
  const rows = catalog.db.all(
    `SELECT d.id FROM ${cols} c JOIN ${docs} d ON d.seq = c.seq WHERE ${text} ORDER BY 1`,
    params,
  );
  return rows.map((row) => String(row['id']));
}

describe('a filter', () => {
  test.each<[string, string[]]>([
    // a document without a value is part of every negation and of nothing else
    ['price:!=-1.5', ['empty', 'other']],
    ['price:!=[-1.5, 1e6]', ['empty']],
    ['price:<0', ['full']],
    ['title:!=Red Lamp', ['empty', 'other']],
    ['title:!lamp', ['empty', 'other']],
    ['tags:!=c', ['empty', 'other']],
    ['sold:!=true', ['empty', 'other']],
    ['sold:false', ['other']],
    ['sizes:!=1', ['empty', 'other']],
    ['sizes:>2', ['full']],
    ['flags:true', ['full', 'other']],
    ['flags:=false', ['other']],
    // an element is matched as a whole, a word anywhere
    ['tags:=a b', ['full']],
    ['tags:=a', []],
    ['tags:a', ['full']],
    [`title:=${long}`, ['other']],
    [`title:=${long} more`, []],
    // text without a word is found nowhere
    ['title:!!', ['empty', 'full', 'other']],
    ['title:=`!!`', []],
    ['id:*', ['empty', 'full', 'other']],
    ['id:!=*', []],
    ['id:`*`', []],
  ])('%s', (filter, expected) => {
    expect(select(filter)).toEqual(expected);
  });

  test('cannot look into a field that is not indexed', () => {
    expect(() => select('note:x')).toThrow('non-indexed');
  });
});
