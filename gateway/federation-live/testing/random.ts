/** A source of choices that one number decides: a failing case is repeated by its seed. */
export interface Random {
  /** True in so many of a hundred cases. */
  chance(percent: number): boolean;
  /** 0 … below - 1. */
  below(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32: small, and good enough to pick test cases.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { chance: (percent) => next() * 100 < percent, below, pick: (items) => items[below(items.length)]! };
}

/** A number that depends on nothing but its input: the same question always gets the same answer. */
export function hashOf(...parts: unknown[]): number {
  let hash = 0x811c9dc5;
  for (const character of parts.join('|')) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 3;
}
