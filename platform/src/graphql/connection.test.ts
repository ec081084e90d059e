import { describe, expect, it } from 'vitest';
import { encodeCursor, pageRequest, toConnection, wholeNumber } from './connection.ts';

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { extensions: { code: string } }).extensions.code;
  }
};

describe('a page', () => {
  it('goes on behind the last key of the page before', () => {
    const rows = ['a', 'b', 'c'];
    const first = toConnection(rows, pageRequest({ first: 2 }, { arity: 1 }), {
      key: (row) => [row],
      node: (row) => row,
    });
    expect(first.edges.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(pageRequest({ first: 2, after: first.pageInfo.endCursor }, { arity: 1 })).toEqual({
      limit: 2,
      after: ['b'],
    });
  });

  it.each([0, -1, 101, 1.5])('of %d is BAD_USER_INPUT', (first) => {
    expect(codeOf(() => pageRequest({ first }, { arity: 1 }))).toBe('BAD_USER_INPUT');
  });

  it.each(['nonsense', 'x'.repeat(2_000), encodeCursor([]), encodeCursor(['a', 'b']), encodeCursor(['\0'])])(
    'does not begin at a cursor that no list gave out: %s',
    (after) => {
      expect(codeOf(() => pageRequest({ after }, { arity: 1 }))).toBe('BAD_USER_INPUT');
    },
  );

  it.each(['x', 1e308, 1.5, undefined])('is not counted from %s', (part) => {
    expect(codeOf(() => wholeNumber(part))).toBe('BAD_USER_INPUT');
  });

  it('is counted from a whole number, written as one or as text', () => {
    expect([wholeNumber(7), wholeNumber('7')]).toEqual([7, 7]);
  });
});
