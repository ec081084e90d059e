import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import {
  afterCommit,
  constraintOf,
  type Database,
  executeAlong,
  executeTogether,
  inTransaction,
  sqlStateOf,
} from '../src/postgres/postgres.ts';
import { leanTransaction } from '../src/postgres/lean-connection.ts';
import { StatementGroup } from '../src/postgres/statement-group.ts';
import { openThings } from './things.ts';

let stores: Stores;
let db: Database;

beforeAll(async () => {
  stores = await startTestStores({ only: ['postgres'] });
});
afterAll(() => stores.stop());

beforeEach(async () => {
  // One connection: what a failure leaves behind on it is what the next one finds.
  const columns = 'id int primary key, name text, at timestamptz';
  const things = await openThings(stores, { name: 'together', poolSize: 1, columns });
  ({ db } = things);
  return things.close;
});

const sendGroup = StatementGroup.send.bind(StatementGroup);
const INSERT = 'insert into thing (id, name) values (?, ?)';
const all = () => db.em.fork().execute<{ id: number; name: string | null }[]>('select id, name from thing order by id');
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (reason: unknown) => reason,
  );

describe('a statement that nobody waits for', () => {
  it('has happened before the next one, and is committed with what follows it or with nothing', async () => {
    const seen = await inTransaction(db, async (em) => {
      await executeAlong(em, INSERT, [1, 'a']);
      await executeAlong(em, 'update thing set name = name || ? where id = ?', ['b', 1]);
      return em.execute('select name from thing');
    });
    expect(seen).toEqual([{ name: 'ab' }]);
    await inTransaction(db, (em) => executeAlong(em, INSERT, [2, 'alone']));
    expect(await all()).toEqual([
      { id: 1, name: 'ab' },
      { id: 2, name: 'alone' },
    ]);
  });

  it('fails the next one, or the commit, with its own reason, and the transaction with it', async () => {
    await inTransaction(db, (em) => executeAlong(em, INSERT, [1, 'a']));
    for (const after of [true, false]) {
      const failure = await failureOf(
        inTransaction(db, async (em) => {
          await executeAlong(em, INSERT, [2, 'b']);
          await executeAlong(em, INSERT, [1, 'again']);
          if (after) await em.execute('select 1');
        }),
      );
      expect([sqlStateOf(failure), constraintOf(failure)]).toEqual(['23505', 'thing_pkey']);
      expect(await all()).toEqual([{ id: 1, name: 'a' }]);
    }
  });

  it('is not sent when the work behind it fails', async () => {
    const failure = await failureOf(
      inTransaction(db, async (em) => {
        await executeAlong(em, INSERT, [1, 'a']);
        throw new Error('no');
      }),
    );
    expect(failure).toMatchObject({ message: 'no' });
    expect(await all()).toEqual([]);
  });

  it('is sent at once outside a transaction', async () => {
    await executeAlong(db.em.fork(), INSERT, [1, 'a']);
    expect(await all()).toEqual([{ id: 1, name: 'a' }]);
  });
});

describe('statements that go together', () => {
  it('are answered each, in their order, and each sees what those before it did', async () => {
    const answers = await inTransaction(db, (em) =>
      executeTogether(em, [
        [INSERT, [1, 'a']],
        ['select name, at from thing where id = ?', [1]],
        ['update thing set name = ? where id = ? returning id, name', ['b', 1]],
        ['select name, at from thing where id = ?', [1]],
      ]),
    );
    expect(answers).toEqual([[], [{ name: 'a', at: null }], [{ id: 1, name: 'b' }], [{ name: 'b', at: null }]]);
  });

  it('are those that are asked for before anybody waits, too', async () => {
    const ways: number[] = [];
    const send = vi.spyOn(StatementGroup, 'send').mockImplementation((client, statements) => {
      ways.push(statements.length);
      return sendGroup(client, statements);
    });
    onTestFinished(() => send.mockRestore());
    const answers = await inTransaction(db, async (em) => {
      const both = await Promise.all([
        em.execute('insert into thing (id, name) values (?, ?) returning id', [1, 'a']),
        em.execute('select name from thing'),
      ]);
      await executeAlong(em, 'update thing set name = ?', ['b']);
      return [...both, await em.execute('select name from thing')];
    });
    expect(answers).toEqual([[{ id: 1 }], [{ name: 'a' }], [{ name: 'b' }]]);
    // With its begin; what nobody waits for with what is asked for then; the commit.
    expect(ways).toEqual([3, 2, 1]);
  });

  it('can be asked again after one of them failed, whatever the server has kept of them by then', async () => {
    const ask = (divisor: number) =>
      inTransaction(db, (em) =>
        executeTogether(em, [
          ['select ?::int as first', [1]],
          ['select 12 / ?::int as second', [divisor]],
          ['select ?::int as third', [3]],
        ]),
      );
    expect(sqlStateOf(await failureOf(ask(0)))).toBe('22012');
    expect(await ask(4)).toEqual([[{ first: 1 }], [{ second: 3 }], [{ third: 3 }]]);
    expect(sqlStateOf(await failureOf(ask(0)))).toBe('22012');
    expect(await ask(3)).toEqual([[{ first: 1 }], [{ second: 4 }], [{ third: 3 }]]);
  });

  it('are a transaction of their own outside of one', async () => {
    expect(await executeTogether(db.em.fork(), [[INSERT, [1, 'a']], ['select id from thing']])).toEqual([
      [],
      [{ id: 1 }],
    ]);
    const failure = await failureOf(
      executeTogether(db.em.fork(), [
        [INSERT, [2, 'b']],
        [INSERT, [1, 'again']],
      ]),
    );
    expect(constraintOf(failure)).toBe('thing_pkey');
    expect(await all()).toEqual([{ id: 1, name: 'a' }]);
  });
});

describe('a transaction', () => {
  it('does not look committed when a failure in it was passed over', async () => {
    const failure = await failureOf(
      inTransaction(db, async (em) => {
        await em.execute(INSERT, [1, 'a']);
        await failureOf(em.execute('select 1 / 0'));
      }),
    );
    expect(failure).toBeInstanceOf(Error);
    expect(await all()).toEqual([]);
  });

  it('waits for the disk, but for one that may be lost, and the next on its connection waits again', async () => {
    const setting = (options?: { mayBeLost: boolean }) =>
      leanTransaction(db, (em) => em.execute('show synchronous_commit'), options);
    // As a server has it that is not a test's.
    await db.em.fork().execute('set synchronous_commit to on');
    expect(await setting({ mayBeLost: true })).toEqual([{ synchronous_commit: 'off' }]);
    expect(await setting()).toEqual([{ synchronous_commit: 'on' }]);
  });

  it('calls who waits for its commit after that, and nobody when there was none', async () => {
    const told: string[] = [];
    await inTransaction(db, async (em) => {
      afterCommit(em, () => told.push('committed'));
      await em.execute(INSERT, [1, 'a']);
      expect(told).toEqual([]);
    });
    expect(told).toEqual(['committed']);
    await failureOf(
      inTransaction(db, async (em) => {
        afterCommit(em, () => told.push('never'));
        await executeAlong(em, INSERT, [1, 'again']);
      }),
    );
    expect(told).toEqual(['committed']);
  });
});
