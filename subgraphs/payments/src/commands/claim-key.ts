import { accept, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction, onceByKey } from '@marketgraph/platform/postgres';
import type { Caller, PaymentsDeps } from './payments-deps.ts';

/** Ends a transaction without a trace: a refused call does not use up its idempotency key. */
class RefusedError extends Error {
  constructor(readonly rejection: Rejection) {
    super(rejection.message);
  }
}

/**
 * The first half of a command that also needs the provider: decides under the
 * idempotency key in one transaction and remembers the id of what it is about.
 * The second half (ask the provider, record) is then run by everybody who holds
 * the same key, and is harmless to repeat.
 * `read` is what is decided by, and asked for together with the key.
 */
export async function claimKey<Known>(
  deps: PaymentsDeps,
  call: { caller: Caller; operation: string; input: unknown; read?(em: EntityManager): Promise<Known> },
  decide: (em: EntityManager, known: Known) => Promise<Result<string>>,
): Promise<Result<{ id: string; isReplay: boolean }>> {
  const { caller, operation, input, read } = call;
  const key = { principal: caller.principal, operation, key: caller.idempotencyKey, input };
  try {
    const claimed = await inTransaction(deps.orm, (em) =>
      onceByKey(
        em,
        key,
        async (known: Known) => {
          const decided = await decide(em, known);
          if (!decided.ok) throw new RefusedError(decided.rejection);
          return { id: decided.value };
        },
        // Without it nothing is read, and nothing expected.
        async () => (await read?.(em)) as Known,
      ),
    );
    if (claimed.kind === 'reused') {
      return reject('IDEMPOTENCY_KEY_REUSED', 'This idempotency key was used with another input.', {
        field: ['idempotencyKey'],
      });
    }
    return accept({ id: claimed.answer.id, isReplay: claimed.kind === 'replay' });
  } catch (error) {
    if (error instanceof RefusedError) return { ok: false, rejection: error.rejection };
    throw error;
  }
}
