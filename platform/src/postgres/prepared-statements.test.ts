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

  it('writes a list as so many places, and names only short ones', () => {
    const { compile } = statementCompiler();
    const short = compile('select * from t where a in (?) and b = ?', [['x', 'y'], 3])!;
    expect(short).toMatchObject({ text: 'select * from t where a in ($1, $2) and b = $3', values: ['x', 'y', '3'] });
    expect(compile('select * from t where a in (?) and b = ?', [['x'], 3])!.name).not.toBe(short.name);
    const long = compile('select * from t where a in (?)', [Array.from({ length: 9 }, (_, index) => index)])!;
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
