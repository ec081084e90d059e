import { type SubgraphClient, SubgraphUnavailableError } from '@marketgraph/platform/serve';
import { silentLog as log } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { onlyShown, shownProducts } from './shown-products.ts';

/** A catalog that shows what ends with an even digit. */
function aCatalog() {
  const asked: { ids: string[]; timeoutMs: number }[] = [];
  const catalog = { isAway: false };
  const peers: SubgraphClient = {
    async call<Data>(name: string, _: unknown, variables?: object, options?: { timeoutMs?: number }): Promise<Data> {
      const { ids } = variables as { ids: string[] };
      asked.push({ ids: [...ids], timeoutMs: options!.timeoutMs! });
      if (catalog.isAway) throw new SubgraphUnavailableError(name, 'unreachable');
      return { publishedProductIds: ids.filter((id) => /[02468]$/.test(id)).toReversed() } as Data;
    },
  };
  return { peers, asked, catalog, shown: shownProducts(peers, { log, requestId: 'test' }) };
}

const prd = (count: number) => Array.from({ length: count }, (_, at) => `prd_${at}`);

describe('which products are shown', () => {
  it('is one question for what fields ask at the same time, about each product once, with a time limit', async () => {
    const { shown, asked } = aCatalog();
    const answers = await Promise.all([shown(['prd_1', 'prd_2']), shown(['prd_2', 'prd_3', 'prd_4']), shown([])]);
    expect(answers.map((ids) => [...ids])).toEqual([['prd_2'], ['prd_2', 'prd_4'], []]);
    expect(asked).toEqual([{ ids: ['prd_1', 'prd_2', 'prd_3', 'prd_4'], timeoutMs: 800 }]);
    expect([...(await shown(['prd_4', 'prd_1']))]).toEqual(['prd_4']);
    expect(asked).toHaveLength(1);
  });

  it('is asked in parts that the catalog answers', async () => {
    const { shown, asked } = aCatalog();
    expect((await shown(prd(1_001))).size).toBe(501);
    expect(asked.map(({ ids }) => ids.length)).toEqual([500, 500, 1]);
  });

  it('keeps the order of what is shown', async () => {
    const items = [{ id: 'prd_4' }, { id: 'prd_3' }, { id: 'prd_2' }];
    expect(await onlyShown(aCatalog().shown, items, ({ id }) => id)).toEqual([{ id: 'prd_4' }, { id: 'prd_2' }]);
  });

  it('is all of them while the catalog is away, which an operation finds out once', async () => {
    const { shown, asked, catalog } = aCatalog();
    catalog.isAway = true;
    expect((await shown(prd(3))).size).toBe(3);
    expect((await shown(['prd_7'])).size).toBe(1);
    expect(asked).toHaveLength(1);
  });
});
