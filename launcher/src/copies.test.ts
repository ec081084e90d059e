import { expect, it } from 'vitest';
import { copyNames, readCopies } from './copies.ts';

it('reads how many copies of what, and one of everything else', () => {
  const copies = readCopies(' orders=2, inventory=3,gateway=1,');
  expect(copies).toEqual({ orders: 2, inventory: 3, gateway: 1 });
  expect(copyNames('inventory', copies)).toEqual(['inventory', 'inventory-2', 'inventory-3']);
  expect(copyNames('payments', copies)).toEqual(['payments']);
  expect(readCopies('')).toEqual({});
});

it.each([
  ['ordres=2', '"ordres" is none of'],
  ['orders', 'copies of orders: a number'],
  ['orders=0', 'not "0"'],
  ['orders=1000', 'not "1000"'],
  ['orders=two', 'not "two"'],
  ['ordres=2,gateway=-1', 'copies of gateway'],
])('%s is refused with what is wrong', (text, problem) => {
  expect(() => readCopies(text)).toThrow(problem);
});
