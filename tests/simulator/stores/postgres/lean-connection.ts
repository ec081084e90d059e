import type * as real from '../../../../platform/src/postgres/lean-connection.ts';
import { memoryOf } from '../../world/memory-orm.ts';

/** There is no driver to speak to past the ORM. */
export const makeLean: typeof real.makeLean = async () => undefined;

export const leanTransaction: typeof real.leanTransaction = (orm, work) =>
  memoryOf(orm.em).transactional((em) => work(em as unknown as Parameters<typeof work>[0]));

export const poolOf: typeof real.poolOf = async () => {
  throw new Error('The simulated database has no pool.');
};
