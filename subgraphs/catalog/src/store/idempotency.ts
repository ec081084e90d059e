import { type Outcome, refuse } from '../domain/outcome.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface IdempotencyDocument {
  _id: string;
  /** As text, so that no key of the input becomes the name of a stored field. */
  input: string;
  /** The id of what the first call made. */
  result: string;
  createdAt: Date;
}

export interface IdempotentCall {
  principal: string;
  operation: string;
  key: string;
  input: unknown;
}

/**
 * Looks whether this call was made before; the id it made is the answer then.
 * To be asked in the transaction of the effect, beside `rememberCall`: two at
 * once collide on the document, and the second finds the first one's answer.
 */
export async function earlierResult(
  store: CatalogStore,
  call: IdempotentCall,
  session: Session,
): Promise<Outcome<string | undefined>> {
  const earlier = await store.idempotency.findOne({ _id: idOf(call) }, { session });
  if (!earlier) return { ok: true, value: undefined };
  return earlier.input === JSON.stringify(call.input)
    ? { ok: true, value: earlier.result }
    : refuse('IDEMPOTENCY_KEY_REUSED', 'This idempotency key was used with another input.', ['idempotencyKey']);
}

export async function rememberCall(
  store: CatalogStore,
  call: IdempotentCall,
  { result, now }: { result: string; now: Date },
  session: Session,
): Promise<void> {
  await store.idempotency.insertOne(
    { _id: idOf(call), input: JSON.stringify(call.input), result, createdAt: now },
    { session },
  );
}

/** A list of parts, so that no part can reach into the next. */
function idOf({ principal, operation, key }: IdempotentCall): string {
  return JSON.stringify([principal, operation, key]);
}
