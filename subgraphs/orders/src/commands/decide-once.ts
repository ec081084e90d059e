import type { Rejection, Result } from '@marketgraph/platform/core';
import { type EntityManager, type IdempotentCall, inTransaction, onceByKey } from '@marketgraph/platform/postgres';
import type { Services } from './services.ts';

/** Rolls back: a refused call does not use up its key. */
class RefusedError extends Error {
  constructor(readonly rejection: Rejection) {
    super(rejection.message);
  }
}

/** A decision in a transaction of its own: one effect and one answer for a key, however often it is asked for. */
export async function decideOnce<Value>(
  services: Pick<Services, 'orm'>,
  call: IdempotentCall,
  decide: (em: EntityManager) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  try {
    const once = await inTransaction(services.orm, (em) =>
      onceByKey(em, call, async () => {
        const decided = await decide(em);
        if (!decided.ok) throw new RefusedError(decided.rejection);
        return decided.value;
      }),
    );
    if (once.kind !== 'reused') return { ok: true, value: once.answer };
    const rejection = { code: 'IDEMPOTENCY_KEY_REUSED', message: 'This key was used for something else.' };
    return { ok: false, rejection };
  } catch (error) {
    if (error instanceof RefusedError) return { ok: false, rejection: error.rejection };
    throw error;
  }
}
