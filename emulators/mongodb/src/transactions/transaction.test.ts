import { UUID } from 'bson';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Doc } from '../bson/value.ts';
import { startDeadline } from '../deadline.ts';
import { parseIndex } from '../indexes/definition.ts';
import { findDocuments, type Found, type ReadView } from '../query/find-documents.ts';
import { committedView, DirectWriter } from '../storage/direct-writer.ts';
import { Store } from '../storage/store.ts';
import { Sessions } from './sessions.ts';
import { BlockedByTransaction, Transaction } from './transaction.ts';

const deadline = startDeadline(undefined, new AbortController().signal);

function aStore() {
  const store = new Store(':memory:');
  onTestFinished(() => store.close());
  const collection = store.collectionFor('test', 'things');
  return { store, collection, direct: new DirectWriter(store) };
}

type Setting = ReturnType<typeof aStore>;

function find({ collection }: Setting, view: ReadView, filter: Doc): Found[] {
  return findDocuments(collection, { filter }, { view, deadline }).found;
}

/** The whole collection as a reader sees it, by identity. */
function contents(setting: Setting, view: ReadView): Record<string, unknown> {
  return Object.fromEntries(find(setting, view, {}).map(({ doc }) => [doc._id, doc.v]));
}

const origin = () => ({ lsid: { id: new UUID() }, txnNumber: 1 });

const step = fc.record({
  who: fc.nat(3),
  what: fc.constantFrom('put', 'put', 'put', 'remove', 'commit', 'abort'),
  id: fc.nat(3),
  v: fc.nat(9),
});

interface ModelTransaction {
  transaction: Transaction;
  /** What it saw first, with its own writes. */
  seen: Record<string, unknown>;
  written: Map<string, unknown>;
  begun: number;
}

describe('transactions in any order', () => {
  it('see one moment and themselves, and never overwrite what they have not seen', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const setting = aStore();
        setting.store.createIndex(setting.collection, parseIndex({ key: { v: 1 } }));
        const running = new Map<number, ModelTransaction>();
        const changedAt = new Map<string, number>();
        const committed: Record<string, unknown> = {};
        let clock = 0;
        for (const { who, what, id, v } of steps) {
          clock++;
          // Number 0 writes outside transactions.
          if (who === 0) {
            outside(setting, { what, id, v }, { committed, changedAt, clock });
          } else {
            const begin = (): ModelTransaction => ({
              transaction: new Transaction(setting.store, origin()),
              seen: { ...committed },
              written: new Map(),
              begun: clock,
            });
            const model = running.get(who) ?? begin();
            running.set(who, model);
            if (inside(setting, model, { what, id, v })) running.delete(who);
            if (what === 'commit' && model.transaction.state === 'committed') {
              for (const [key, value] of model.written) {
                // Inserted and removed again within: nothing happened to this document.
                if (value === undefined && committed[key] === undefined) continue;
                // The rule itself: nobody else committed this document since the transaction began.
                expect(changedAt.get(key) ?? 0).toBeLessThan(model.begun);
                changedAt.set(key, clock);
                if (value === undefined) delete committed[key];
                else committed[key] = value;
              }
            }
          }
          expect(contents(setting, committedView)).toEqual(committed);
          for (const { transaction, seen } of running.values()) {
            expect(contents(setting, transaction)).toEqual(seen);
            for (const value of [0, 5]) {
              const byIndex = find(setting, transaction, { v: { $gte: value } }).map(({ doc }) => doc._id as number);
              expect(byIndex.toSorted()).toEqual(
                Object.keys(seen)
                  .filter((key) => (seen[key] as number) >= value)
                  .map(Number)
                  .toSorted(),
              );
            }
          }
        }
        for (const { transaction } of running.values()) transaction.abort();
        expect(setting.collection.superseded.size).toBe(0);
        expect(setting.collection.reservedIds.size).toBe(0);
        expect([...setting.collection.records.values()].every(({ lockedBy, older }) => !lockedBy && !older)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  type Action = { what: string; id: number; v: number };

  function outside(
    setting: Setting,
    { what, id, v }: Action,
    model: { committed: Record<string, unknown>; changedAt: Map<string, number>; clock: number },
  ): void {
    const { collection, direct } = setting;
    const [found] = find(setting, committedView, { _id: id });
    const key = String(id);
    try {
      if (what === 'remove') {
        if (!found) return;
        direct.assertFree(collection, [found]);
        direct.remove(collection, found);
        delete model.committed[key];
      } else if (what === 'put') {
        const doc = { _id: id, v };
        if (found) {
          direct.assertFree(collection, [found], [{ kind: 'update', doc }]);
          direct.rewrite(collection, found, { kind: 'update', doc });
        } else {
          direct.insert(collection, doc);
        }
        model.committed[key] = v;
      } else {
        return;
      }
      model.changedAt.set(key, model.clock);
    } catch (error) {
      expect(error).toBeInstanceOf(BlockedByTransaction);
    }
  }

  /** True when the transaction is over. A conflict ends it, as it does behind a command. */
  function inside(
    setting: Setting,
    { transaction, seen, written }: ModelTransaction,
    { what, id, v }: Action,
  ): boolean {
    const { collection } = setting;
    const [found] = find(setting, transaction, { _id: id });
    try {
      if (what === 'commit') transaction.commit();
      else if (what === 'abort') transaction.abort();
      else if (what === 'remove' && found) transaction.remove(collection, found);
      else if (what === 'put' && found) transaction.rewrite(collection, found, { kind: 'update', doc: { _id: id, v } });
      else if (what === 'put') transaction.insert(collection, { _id: id, v });
      if (what === 'put' || (what === 'remove' && found)) {
        const value = what === 'put' ? v : undefined;
        written.set(String(id), value);
        if (value === undefined) delete seen[String(id)];
        else seen[String(id)] = value;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 112 });
      transaction.abort();
    }
    return transaction.state !== 'active';
  }
});

describe('a transaction nobody finishes', () => {
  it('is over when its time is, and lets go of what it held', async () => {
    const { store, collection, direct } = aStore();
    direct.insert(collection, { _id: 1, v: 1 });
    const sessions = new Sessions(store, 0);
    const session = sessions.session({ id: new UUID() }, 'user');
    if (!session) throw new Error('no session');
    const transaction = sessions.startTransaction(session, 1);
    const [found] = find({ store, collection, direct }, transaction, {});
    transaction.rewrite(collection, found as Found, { kind: 'update', doc: { _id: 1, v: 2 } });
    expect(() => direct.assertFree(collection, [found as Found])).toThrow(BlockedByTransaction);
    await vi.waitFor(() => {
      sessions.sweep();
      expect(transaction.state).toBe('aborted');
    });
    await transaction.finished;
    expect(() => direct.assertFree(collection, [found as Found])).not.toThrow();
    expect(() => sessions.commit(session, 1)).toThrow(/does not match/);
  });

  it('is refused when its number is older than another', () => {
    const { store } = aStore();
    const sessions = new Sessions(store);
    const session = sessions.session({ id: new UUID() }, 'user');
    if (!session) throw new Error('no session');
    sessions.startTransaction(session, 5);
    expect(() => sessions.startTransaction(session, 4)).toThrow(/newer transaction 5/);
    sessions.abortAll();
  });
});
