import { describe, expect, it } from 'vitest';

import { ApiError } from '../api-error.ts';
import { decodeForm } from './form.ts';
import { changedMetadata, metadata } from './metadata.ts';
import {
  currency,
  emptyable,
  flag,
  hash,
  integer,
  listOf,
  oneOf,
  readParams,
  required,
  text,
  timeRange,
} from './params.ts';

const shape = {
  amount: required(integer({ min: 1, max: 100 })),
  currency: currency(),
  confirm: flag(),
  mode: oneOf(['one', 'two', 'three']),
  note: emptyable(text({ max: 5 })),
  owner: hash({ name: required(text()), age: integer() }),
  tags: listOf(text(), { max: 2 }),
  created: timeRange(),
  metadata: metadata(),
};

const read = (form: string) => readParams(shape, decodeForm(form));

function refusalOf(form: string): ApiError['body'] {
  try {
    read(form);
  } catch (error) {
    if (error instanceof ApiError) return error.body;
    throw error;
  }
  throw new Error(`${form} was expected to be refused.`);
}

describe('readParams', () => {
  it('reads every kind of parameter', () => {
    expect(
      read(
        'amount=5&currency=EUR&confirm=true&mode=two&note=&owner[name]=Ada&tags[0]=a&tags[1]=b&created[gte]=7&metadata[k]=v',
      ),
    ).toEqual({
      amount: 5,
      currency: 'eur',
      confirm: true,
      mode: 'two',
      note: null,
      owner: { name: 'Ada' },
      tags: ['a', 'b'],
      created: { gte: 7 },
      metadata: { k: 'v' },
    });
  });

  it('takes a moment for a range of one second', () => {
    expect(read('amount=1&created=9').created).toEqual({ gte: 9, lte: 9 });
  });

  it.each([
    ['', 'parameter_missing', 'amount'],
    ['amount=1&colour=red', 'parameter_unknown', 'colour'],
    ['amount=1&owner[name]=a&owner[size]=1', 'parameter_unknown', 'owner[size]'],
    ['amount=1&owner[age]=1', 'parameter_missing', 'owner[name]'],
    ['amount=', 'parameter_invalid_empty', 'amount'],
    ['amount=x', 'parameter_invalid_integer', 'amount'],
    ['amount=1.5', 'parameter_invalid_integer', 'amount'],
    ['amount=1e1', 'parameter_invalid_integer', 'amount'],
    ['amount=0x10', 'parameter_invalid_integer', 'amount'],
    ['amount=0', 'parameter_invalid_integer', 'amount'],
    ['amount=101', 'parameter_invalid_integer', 'amount'],
    ['amount=99999999999999999999', 'parameter_invalid_integer', 'amount'],
    ['amount[a]=1', undefined, 'amount'],
    ['amount=1&currency=euro', undefined, 'currency'],
    ['amount=1&confirm=yes', undefined, 'confirm'],
    ['amount=1&mode=four', undefined, 'mode'],
    ['amount=1&note=123456', 'parameter_invalid_string_too_long', 'note'],
    ['amount=1&owner=Ada', undefined, 'owner'],
    ['amount=1&tags=a', undefined, 'tags'],
    ['amount=1&tags[x]=a', undefined, 'tags'],
    ['amount=1&tags[]=a&tags[]=b&tags[]=c', undefined, 'tags'],
    ['amount=1&metadata=text', undefined, 'metadata'],
  ])('refuses %j by naming the parameter', (form, code, param) => {
    const body = refusalOf(form);

    expect(body).toMatchObject({ type: 'invalid_request_error', param });
    expect(body.code).toBe(code);
  });

  it('names the choices', () => {
    expect(refusalOf('amount=1&mode=four').message).toBe('Invalid mode: must be one of one, two, or three');
  });
});

describe('metadata', () => {
  it.each([
    ['m[b]=2', { a: '1', b: '2' }],
    ['m[a]=', {}],
    ['m=', {}],
    ['m[a]=3', { a: '3' }],
  ])('%s', (form, after) => {
    const { m } = readParams({ m: metadata() }, decodeForm(form));

    expect(changedMetadata({ a: '1' }, m)).toEqual(after);
  });

  it('is unchanged when it is not named', () => {
    expect(changedMetadata({ a: '1' }, undefined)).toEqual({ a: '1' });
  });

  it.each([
    ['a key that is too long', `m[${'k'.repeat(41)}]=1`],
    ['a value that is too long', `m[k]=${'v'.repeat(501)}`],
    ['a value that is a hash', 'm[k][x]=1'],
  ])('refuses %s', (_what, form) => {
    expect(() => readParams({ m: metadata() }, decodeForm(form))).toThrow(ApiError);
  });

  it('refuses the fifty-first key', () => {
    const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, '1']));

    expect(() => changedMetadata(fifty, { one_more: '1' })).toThrow('up to 50 keys');
  });
});
