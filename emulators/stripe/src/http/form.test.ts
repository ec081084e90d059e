import { describe, expect, it } from 'vitest';

import { ApiError } from '../api-error.ts';
import { canonicalForm, decodeForm } from './form.ts';

/** The decoder's hashes have no prototype; plain ones are easier to compare with. */
const decoded = (text: string) => JSON.parse(JSON.stringify(decodeForm(text))) as unknown;

describe('decodeForm', () => {
  it.each([
    ['', {}],
    ['amount=2000&currency=usd', { amount: '2000', currency: 'usd' }],
    ['metadata[a]=1&metadata[b c]=2', { metadata: { a: '1', 'b c': '2' } }],
    ['metadata%5Border%5D=a%26b%3D%C3%A9+x', { metadata: { order: 'a&b=é x' } }],
    ['expand[]=a&expand[]=b', { expand: { 0: 'a', 1: 'b' } }],
    ['items[0][price]=1&items[1][price]=2', { items: { 0: { price: '1' }, 1: { price: '2' } } }],
    ['metadata=', { metadata: '' }],
  ])('%s', (text, value) => {
    expect(decoded(text)).toEqual(value);
  });

  it.each([
    '[a]=1',
    'a]b=1',
    'a[b=1',
    'a[b]c=1',
    'a[[b]]=1',
    'a[b][c][d][e][f][g]=1',
    '__proto__[x]=1',
    'a[__proto__]=1',
    'a[constructor][prototype]=1',
    'a=1&a[b]=2',
    'a[b]=2&a=1',
  ])('refuses %s', (text) => {
    expect(() => decodeForm(text)).toThrow(ApiError);
  });

  it('refuses more parameters than any request needs', () => {
    expect(() => decodeForm(Array.from({ length: 1_001 }, (_, n) => `p${n}=1`).join('&'))).toThrow('at most 1000');
  });

  it('changes no prototype', () => {
    expect(() => decodeForm('__proto__[polluted]=yes')).toThrow(ApiError);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('canonicalForm', () => {
  it('is the same for the same parameters in another order', () => {
    expect(canonicalForm(decodeForm('a=1&m[x]=2&m[y]=3'))).toBe(canonicalForm(decodeForm('m[y]=3&m[x]=2&a=1')));
  });

  it.each([
    ['a=1', 'a=2'],
    ['a=1', 'a=1&b='],
    ['m[a]=1', 'm[b]=1'],
    ['a=1%22%2C%22b%22%3A%222', 'a=1&b=2'],
  ])('tells %s from %s', (one, other) => {
    expect(canonicalForm(decodeForm(one))).not.toBe(canonicalForm(decodeForm(other)));
  });
});
