import { describe, expect, it } from 'vitest';
import { isStalePlan, statementCompiler } from './prepared-statements.ts';

describe('a statement as the server knows it', () => {
  it('keeps values apart from the text, each as PostgreSQL reads it', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const statement = statementCompiler().compile('insert into t values (?, ?, ?, ?, ?)', [1, "o'x", null, true, at]);
    expect(statement).toMatchObject({
      text: 'insert into t values ($1, $2, $3, $4, $5)',
      values: ['1', "o'x", null, 'true', '2026-01-02T03:04:05.678Z'],
    });
  });

  it('has one name for one text, whatever the values, and another for another text', () => {
    const { compile } = statementCompiler();
    const nameOf = (query: string, values: unknown[]) => compile(query, values)!.name;
    expect(nameOf('select ?', [1])).toBe(nameOf('select ?', ['2']));
    expect(nameOf('select ?', [1])).not.toBe(nameOf('select ? as a', [1]));
  });

  it('has a name without values as well, and is then sent as it is written', () => {
    expect(statementCompiler().compile("select '{}'::jsonb ? 'a'", [])).toMatchObject({
      ...{ name: expect.any(String), text: "select '{}'::jsonb ? 'a'", values: [] },
    });
  });

  it('sends a list as one value, so that lists of any length are one statement, and one alone as itself', () => {
    const { compile } = statementCompiler();
    const query = 'select * from t where a in (?) and b = ?';
    const two = compile(query, [['x', null], 3])!;
    expect(two).toMatchObject({ text: 'select * from t where a = any($1) and b = $2', values: ['{"x",null}', '3'] });
    const many = compile(query, [Array.from({ length: 900 }, (_, index) => index), 3])!;
    expect(many).toMatchObject({ text: two.text, name: two.name });
    const quoted = compile(query, [['a"b', 'c\\d,{e}'], 3])!;
    expect(quoted.values[0]).toBe('{"a\\"b","c\\\\d,{e}"}');
    const one = compile(query, [['x'], 3])!;
    expect(one).toMatchObject({ text: 'select * from t where a in ($1) and b = $2', values: ['x', '3'] });
    expect(one.name).not.toBe(two.name);
  });

  it('writes a list that is more than a membership as so many places, and names only short ones', () => {
    const { compile } = statementCompiler();
    const query = 'select * from t where a not in (?) and lower(b) in (?) and c = ?';
    const short = compile(query, [['x', 'y'], ['z', 'w'], 3])!;
    expect(short).toMatchObject({
      text: 'select * from t where a not in ($1, $2) and lower(b) in ($3, $4) and c = $5',
      values: ['x', 'y', 'z', 'w', '3'],
    });
    expect(compile(query, [['x'], ['z', 'w'], 3])!.name).not.toBe(short.name);
    const nine = Array.from({ length: 9 }, (_, index) => index);
    const long = compile('select * from t where a not in (?)', [nine])!;
    expect(long.name).toBeUndefined();
    expect(long.values).toHaveLength(9);
  });

  it('leaves to the ORM what only the ORM can write', () => {
    const { compile } = statementCompiler();
    expect(compile('select 1; select 2', [])).toBeUndefined();
    expect(compile('select ??', ['a'])).toBeUndefined();
    expect(compile("select '{}'::jsonb \\? ?", ['a'])).toBeUndefined();
    expect(compile('select ?', [{ a: 1 }])).toBeUndefined();
    expect(compile('select ?', [new Uint8Array(1)])).toBeUndefined();
    expect(compile('select 1 where 1 in (?)', [[]])).toBeUndefined();
  });

  it('does not guess when places and values do not match', () => {
    expect(() => statementCompiler().compile('select ?', [1, 2])).toThrow('2 values for 1 places');
  });

  it('names no more than so many texts', () => {
    const { compile } = statementCompiler();
    for (let number = 0; number < 1_000; number += 1) compile(`select ? as n${number}`, [1]);
    expect(compile('select ? as one_more', [1])).toMatchObject({ text: 'select $1 as one_more' });
    expect(compile('select ? as one_more', [1])!.name).toBeUndefined();
    expect(compile('select ? as n7', [1])!.name).toBeDefined();
  });

  it('has other names after a table was changed under the old ones', () => {
    const { compile, renew } = statementCompiler();
    const before = compile('select ?', [1])!.name;
    renew();
    expect(compile('select ?', [1])!.name).not.toBe(before);
    expect(isStalePlan(new Error('cached plan must not change result type'))).toBe(true);
    expect(isStalePlan(new Error('something else'))).toBe(false);
  });
});
