import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { columnsOf, constraintOf, type Database, inTransaction, rowsAs, sqlStateOf } from '../src/postgres/postgres.ts';
import { openThings } from './things.ts';

let stores: Stores;
let db: Database;

beforeAll(async () => {
  stores = await startTestStores({ only: ['postgres'] });
});
afterAll(() => stores.stop());

beforeEach(async () => {
  const things = await openThings(stores, { name: 'lean', poolSize: 2, columns: 'id int primary key, name text' });
  ({ db } = things);
  return things.close;
});

const add = (id: number, name: string | null) =>
  db.em.fork().execute('insert into thing (id, name) values (?, ?)', [id, name]);
const all = () => db.em.fork().execute<{ id: number; name: string | null }[]>('select * from thing order by id');

describe('a statement', () => {
  it('takes values as they are, whatever is in them', async () => {
    await add(1, `'; drop table thing; -- \\ $1 ?`);
    await add(2, null);
    expect(await all()).toEqual([
      { id: 1, name: `'; drop table thing; -- \\ $1 ?` },
      { id: 2, name: null },
    ]);
    const some = await db.em.fork().execute('select id from thing where id in (?) order by id', [[2, 1, 7]]);
    expect(some).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('reads rows as columns in their order, whatever is in their texts', async () => {
    const columns = { id: 'int', name: 'text', more: 'jsonb', sum: 'bigint' } as const;
    // PostgreSQL holds no NUL and no half of a pair.
    const text = fc.string({ unit: fc.constantFrom(...'"\\{},\' \n\t\r', 'a', 'NULL', 'é', '🛒') });
    const row = fc.record({
      ...{ id: fc.option(fc.integer()), name: fc.option(text), sum: fc.option(fc.integer().map(String)) },
      more: fc.option(fc.dictionary(fc.constantFrom('a', 'b c', 'é'), fc.oneof(text, fc.array(text), fc.integer()))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row), async (rows) => {
        const read = await db.em.fork().execute(`select * from ${rowsAs('thing', columns)}`, columnsOf(columns, rows));
        expect(JSON.parse(JSON.stringify(read))).toEqual(rows.map((each) => ({ ...each, more: each.more ?? null })));
      }),
      { numRuns: 50 },
    );
  });

  it('answers in the ways the ORM asks', async () => {
    const em = db.em.fork();
    expect(await em.execute('select ?::int as n', [4], 'get')).toEqual({ n: 4 });
    expect(await em.execute('insert into thing values (?, ?)', [1, 'a'], 'run')).toMatchObject({ affectedRows: 1 });
  });

  it('says which constraint it broke', async () => {
    await add(1, 'a');
    const error: unknown = await add(1, 'b').catch((reason: unknown) => reason);
    expect(sqlStateOf(error)).toBe('23505');
    expect(constraintOf(error)).toBe('thing_pkey');
  });

  it('goes on when a column was added to its table meanwhile, alone and in a transaction', async () => {
    await add(1, 'a');
    const ask = 'select * from thing where id = ?';
    const alone = () => db.em.fork().execute(ask, [1]);
    const within = () => inTransaction(db, (em) => em.execute(ask, [1]));
    await alone();
    await db.em.fork().execute("alter table thing add column more text default 'm'");
    expect(await alone()).toEqual([{ id: 1, name: 'a', more: 'm' }]);
    await within();
    await db.em.fork().execute("alter table thing add column most text default 'n'");
    expect(await within()).toEqual([{ id: 1, name: 'a', more: 'm', most: 'n' }]);
  });
});

describe('a transaction', () => {
  it('is all or nothing, and leaves its connection for the next', async () => {
    for (let count = 0; count < 5; count += 1) {
      const work = inTransaction(db, async (em) => {
        await em.execute('insert into thing values (?, ?)', [1, 'a']);
        throw new Error('no');
      });
      await expect(work).rejects.toThrow('no');
    }
    expect(await all()).toEqual([]);
    await inTransaction(db, (em) => em.execute('insert into thing values (?, ?)', [1, 'a']));
    expect(await all()).toEqual([{ id: 1, name: 'a' }]);
  });

  it('keeps to one plan per statement where it says so, and the next on its connection is as before', async () => {
    const plans = (options: { isPlannedOnce?: boolean }, text: string) =>
      inTransaction(
        db,
        async (em) => {
          for (let count = 0; count < 9; count += 1) await em.execute(text, [[1, 2]]);
          const [made] = await em.execute<{ custom: number }[]>(
            'select custom_plans::int as custom from pg_prepared_statements where statement like ?',
            [`${text.slice(0, 12)}%`],
          );
          return made!.custom;
        },
        options,
      );
    expect(await plans({ isPlannedOnce: true }, 'select name from thing where id in (?)')).toBe(0);
    expect(await plans({}, 'select id from thing where id in (?)')).toBeGreaterThan(0);
  });

  it('is not seen by others before its end', async () => {
    await inTransaction(db, async (em) => {
      await em.execute('insert into thing values (?, ?)', [1, 'a']);
      expect(await all()).toEqual([]);
      expect(await em.execute('select id from thing')).toEqual([{ id: 1 }]);
    });
    expect(await all()).toHaveLength(1);
  });

  it('whose connection is lost fails, and the next gets another', async () => {
    const cut = inTransaction(db, async (em) => {
      await em.execute('insert into thing values (?, ?)', [1, 'a']);
      await em.execute('select pg_terminate_backend(pg_backend_pid())');
    });
    await expect(cut).rejects.toThrow('terminating connection');
    for (let count = 0; count < 3; count += 1)
      expect(await inTransaction(db, (em) => em.execute('select 1 as n'))).toEqual([{ n: 1 }]);
    expect(await all()).toEqual([]);
  });
});
