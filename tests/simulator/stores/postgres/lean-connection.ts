import type * as real from '../../../../platform/src/postgres/lean-connection.ts';
import { memoryOf } from '../../world/memory-orm.ts';

/** There is no driver to speak to past the ORM. */
export const makeLean: typeof real.makeLean = async () => undefined;

const hooks = new WeakMap<object, Set<() => void>>();

export const leanTransaction: typeof real.leanTransaction = async (orm, work) => {
  const told = new Set<() => void>();
  const value = await memoryOf(orm.em).transactional((em) => {
    hooks.set(em, told);
    return work(em as unknown as Parameters<typeof work>[0]);
  });
  for (const hook of told) hook();
  return value;
};

export const afterCommit: typeof real.afterCommit = (em, hook) => {
  const told = hooks.get(em);
  if (told) told.add(hook);
  else hook();
};

/** Here every statement is a way of its own. */
export const executeAlong: typeof real.executeAlong = async (em, query, parameters) => {
  await memoryOf(em).execute(query, parameters);
};

export const executeTogether: typeof real.executeTogether = async (em, statements) => {
  const all: unknown[][] = [];
  for (const [query, parameters] of statements) all.push(await memoryOf(em).execute(query, parameters));
  return all;
};

export const poolOf: typeof real.poolOf = async () => {
  throw new Error('The simulated database has no pool.');
};
