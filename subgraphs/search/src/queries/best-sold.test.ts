import { describe, expect, it } from 'vitest';
import type { Named } from '../domain/beginnings.ts';
import { bestSold } from './best-sold.ts';

const lamp = (id: number): Named => ({
  id: `prd_${id}`,
  title: `Lamp ${id}`,
  categories: ['Home'],
  categoryIds: ['1'],
});

/** An index that counts how often it is asked, and a clock that is put forward by hand. */
function aShelf(products: Named[] = [lamp(1), lamp(2), lamp(3)]) {
  const shelf = { products, asked: 0, isAway: false, nowMs: 0 };
  const index = {
    async bestSold() {
      shelf.asked += 1;
      if (shelf.isAway) throw new Error('away');
      return shelf.products;
    },
  };
  const find = bestSold({ index, clock: { now: () => new Date(shelf.nowMs) } });
  return { shelf, find };
}

describe('what sells best of what begins so', () => {
  it('S1 asks the index once for everybody, however many ask at the same time', async () => {
    const { shelf, find } = aShelf();
    const answers = await Promise.all(['l', 'la', 'lamp', 'L', 'h', 'home l'].map((prefix) => find(prefix, 2)));
    expect(answers.map((found) => found?.map(({ id }) => id))).toEqual(Array(6).fill(['prd_1', 'prd_2']));
    expect(shelf.asked).toBe(1);
  });

  it('S1 leaves to the index what too few have, without asking for them twice', async () => {
    const { shelf, find } = aShelf();
    expect(await find('l', 4)).toBeNull();
    expect(await find('lamp 1', 2)).toBeNull();
    expect(await find('x', 1)).toBeNull();
    expect(shelf.asked).toBe(1);
  });

  it('S1 sees a new name after ten seconds, and waits for it no more than once', async () => {
    const { shelf, find } = aShelf();
    await find('l', 1);
    shelf.products = [{ ...lamp(1), title: 'Torch' }];
    shelf.nowMs = 9_999;
    expect((await find('l', 1))?.[0]?.title).toBe('Lamp 1');
    shelf.nowMs = 10_000;
    expect((await find('l', 1))?.[0]?.title).toBe('Lamp 1');
    expect((await find('t', 1))?.[0]?.title).toBe('Torch');
    expect(shelf.asked).toBe(2);
  });

  it('S1 S12 shows what it has while the index is away or slow, but not for longer than a minute', async () => {
    const { shelf, find } = aShelf();
    await find('l', 1);
    shelf.isAway = true;
    shelf.nowMs = 59_999;
    expect(await find('l', 1)).toHaveLength(1);
    shelf.nowMs = 60_000;
    await expect(find('l', 1)).rejects.toThrow('away');
    shelf.isAway = false;
    expect(await find('l', 1)).toHaveLength(1);
  });

  it('S12 keeps no failure: once the index is back it is asked again', async () => {
    const { shelf, find } = aShelf();
    shelf.isAway = true;
    await expect(Promise.all([find('l', 1), find('la', 1)])).rejects.toThrow('away');
    shelf.isAway = false;
    expect(await find('l', 1)).toHaveLength(1);
    expect(shelf.asked).toBe(2);
  });
});
