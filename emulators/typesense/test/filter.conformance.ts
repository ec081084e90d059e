import { beforeAll, describe, expect, test } from 'vitest';
import { SHOP, shopSchema } from './shop.ts';
import { idsOf, useTarget } from './target.ts';

const target = useTarget();
let shop = '';

beforeAll(async () => {
  shop = target.name('filters');
  await target.client.collections().create(shopSchema(shop));
  await target.client
    .collections(shop)
    .documents()
    .import([...SHOP]);
});

async function filtered(filter_by: string): Promise<string[]> {
  const response = await target.client.collections(shop).documents().search({ q: '*', filter_by, per_page: 250 });
  return idsOf(response).toSorted();
}

describe('a filter', () => {
  test.each<[string, string[]]>([
    // words and whole values
    ['brand:Acme', ['1', '5']],
    ['brand:acme', ['1', '5']],
    ['brand:Sonic', ['3', '4']],
    ['brand:=Sonic', ['3']],
    ['brand:= Sonic', ['3']],
    ['brand:=Sonic Labs', ['4']],
    ['brand:!=Sonic', ['1', '2', '4', '5', '6', '7', '8']],
    ['brand:! Sonic', ['1', '2', '5', '6', '7', '8']],
    ['brand:[Acme, Netty]', ['1', '5', '8']],
    ['brand:=[Sonic, Netty]', ['3', '8']],
    ['brand:!=[Sonic, Acme]', ['2', '4', '6', '7', '8']],
    ['brand:=`Bata & Sons`', ['2']],
    ['brand:=`Brew (Home)`', ['6', '7']],
    ['brand:=[`Brew (Home)`, Acme]', ['1', '5', '6', '7']],
    ['title:Head*', ['3', '4']],
    ['title:=Wire*', ['3', '4']],
    ['title:=Shoe*', []],
    ['brand:=Nobody', []],
    // arrays of strings
    ['categories:=Sport', ['1', '4', '5']],
    ['categories:=Sport && categories:=Audio', ['4']],
    ['categories:=[Kitchen, Audio]', ['3', '4', '6', '7']],
    ['categories:!=Sport', ['2', '3', '6', '7', '8']],
    // numbers
    ['stock:10', ['1']],
    ['stock:=10', ['1']],
    ['stock:!=0', ['1', '3', '4', '5', '6', '7']],
    ['stock:>10', ['4', '5', '7']],
    ['stock:>=10', ['1', '4', '5', '7']],
    ['stock:<3', ['2', '8']],
    ['stock:<=3', ['2', '6', '8']],
    ['stock:[3..12]', ['1', '3', '5', '6']],
    ['stock:[0, 50]', ['2', '4', '8']],
    ['stock:[3..5, 80]', ['3', '6', '7']],
    ['stock:[<3, >50]', ['2', '7', '8']],
    ['stock:!=[0, 3]', ['1', '3', '4', '5', '7']],
    ['price:59.5', ['1']],
    ['price:[18..29]', ['4', '5', '7']],
    ['price:>199.5', ['3', '6']],
    ['sizes:41', ['1']],
    ['sizes:[2..7]', ['5', '7']],
    ['sizes:>41', ['2']],
    ['rating:>4.4', ['1', '3', '6']],
    // booleans and ids
    ['inStock:true', ['1', '3', '4', '5', '6', '7']],
    ['inStock:=false', ['2', '8']],
    ['inStock:!=true', ['2', '8']],
    ['id:3', ['3']],
    ['id:=[1, 8, 99]', ['1', '8']],
    ['id:!=[1, 2, 3]', ['4', '5', '6', '7', '8']],
    // combinations
    ['inStock:true && price:<30', ['4', '5', '7']],
    ['brand:Acme || brand:Netty', ['1', '5', '8']],
    ['(brand:Acme || brand:Netty) && inStock:true', ['1', '5']],
    ['inStock:true && (price:<20 || price:>300)', ['6', '7']],
    ['((brand:Acme))', ['1', '5']],
    // operators bind equally, from the left
    ['brand:Netty || brand:Acme && inStock:true', ['1', '5']],
  ])('%s selects the documents it names', async (filter, expected) => {
    expect(await filtered(filter)).toEqual(expected);
  });

  test.each([
    ['brand:Acme &&', 'a missing operand'],
    ['&& brand:Acme', 'a leading operator'],
    ['(brand:Acme', 'an open parenthesis'],
    ['brand:Acme)', 'a stray parenthesis'],
    ['brand', 'no operator'],
    ['brand:', 'no value'],
    ['stock:abc', 'a word for a number'],
    ['stock:>', 'no number to compare with'],
    ['stock:1.5', 'a fraction for an integer'],
    ['price:cheap', 'a word for a float'],
    ['inStock:maybe', 'a word for a boolean'],
    ['nothing:1', 'an unknown field'],
  ])('%s is refused: %s', async (filter) => {
    await expect(filtered(filter)).rejects.toMatchObject({ httpStatus: 400 });
  });

  test('holds for the documents it is asked to delete, and only for them', async () => {
    const name = target.name('filter-delete');
    await target.client.collections().create(shopSchema(name));
    const documents = target.client.collections(name).documents();
    await documents.import([...SHOP]);
    expect(await documents.delete({ filter_by: 'stock:0' })).toMatchObject({ num_deleted: 2 });
    const left = await documents.search({ q: '*', sort_by: 'price:asc' });
    expect(idsOf(left)).toEqual(['7', '5', '4', '1', '3', '6']);
  });

  test('holds for the documents it is asked to update', async () => {
    const name = target.name('filter-update');
    await target.client.collections().create(shopSchema(name));
    const documents = target.client.collections(name).documents();
    await documents.import([...SHOP]);
    expect(await documents.update({ inStock: false }, { filter_by: 'categories:=Kitchen' })).toEqual({
      num_updated: 2,
    });
    expect(idsOf(await documents.search({ q: '*', filter_by: 'inStock:false' })).toSorted()).toEqual([
      '2',
      '6',
      '7',
      '8',
    ]);
  });
});
