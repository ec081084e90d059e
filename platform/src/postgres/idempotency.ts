import { createHash } from 'node:crypto';
import { crashPoint } from '../core/crash-point.ts';
import type { EntityManager } from './database.ts';
import { executeAlong } from './lean-connection.ts';

export interface IdempotentCall {
  /** Keys of two principals never meet. */
  principal: string;
  operation: string;
  key: string;
  input: unknown;
}

export type IdempotentAnswer<Answer> =
  | { kind: 'first'; answer: Answer }
  | { kind: 'replay'; answer: Answer }
  | { kind: 'reused' };

/** Keys are kept this long; after that the same key is a new request. */
export const IDEMPOTENCY_HOURS = 24;

/**
 * Runs `work` at most once per key, inside the caller's transaction, and stores
 * its answer (plain JSON). A second call with the same key waits on the row
 * until the first has committed, then gets the stored answer; if the first
 * rolled back, it runs itself. Another input with the same key is `reused`.
 */
export function onceByKey<Answer>(
  em: EntityManager,
  call: IdempotentCall,
  work: () => Promise<Answer>,
): Promise<IdempotentAnswer<Answer>>;
/** `read` is what `work` decides by: it is asked for together with the claim of the key, whoever gets that. */
export function onceByKey<Answer, Known>(
  em: EntityManager,
  call: IdempotentCall,
  work: (known: Known) => Promise<Answer>,
  read: () => Promise<Known>,
): Promise<IdempotentAnswer<Answer>>;
export async function onceByKey<Answer, Known>(
  em: EntityManager,
  call: IdempotentCall,
  work: (known: Known) => Promise<Answer>,
  read?: () => Promise<Known>,
): Promise<IdempotentAnswer<Answer>> {
  const { principal, operation, key } = call;
  const inputHash = hashOf(call.input);
  // A key past its time is taken over as if nobody had used it.
  const claim = em.execute<unknown[]>(
    `insert into idempotency as known (principal, operation, key, input_hash) values (?, ?, ?, ?)
     on conflict (principal, operation, key) do update
       set input_hash = excluded.input_hash, answer = null, created_at = excluded.created_at
       where known.created_at < now() - make_interval(hours => ?)
     returning 1`,
    [principal, operation, key, inputHash, IDEMPOTENCY_HOURS],
  );
  const [inserted, known] = await Promise.all([claim, read?.()]);
  if (inserted.length === 0) return (await knownAnswer(em, call)) ?? { kind: 'reused' };
  crashPoint('idempotency.claimed');
  // Where nothing is read, nothing is expected.
  const answer = await work(known as Known);
  await executeAlong(em, 'update idempotency set answer = ?::jsonb where principal = ? and operation = ? and key = ?', [
    JSON.stringify(answer),
    principal,
    operation,
    key,
  ]);
  return { kind: 'first', answer };
}

export type KnownAnswer<Answer> = Exclude<IdempotentAnswer<Answer>, { kind: 'first' }> | undefined;

/** What was answered to this key; undefined when nobody has used it within its time. */
export async function knownAnswer<Answer>(em: EntityManager, call: IdempotentCall): Promise<KnownAnswer<Answer>> {
  return answerIn(await em.execute<unknown[]>(...askingFor(call)), call);
}

/** The statement of `knownAnswer`, for whoever sends it with others. */
export function askingFor({ principal, operation, key }: IdempotentCall): [query: string, parameters: string[]] {
  return [
    `select input_hash, answer from idempotency where principal = ? and operation = ? and key = ?
      and created_at >= now() - interval '${IDEMPOTENCY_HOURS} hours'`,
    [principal, operation, key],
  ];
}

/** What its rows say. */
export function answerIn<Answer>(rows: readonly unknown[], { input }: IdempotentCall): KnownAnswer<Answer> {
  const [row] = rows as { input_hash: string; answer: Answer }[];
  if (!row) return undefined;
  return row.input_hash === hashOf(input) ? { kind: 'replay', answer: row.answer } : { kind: 'reused' };
}

/** The same for equal inputs whatever the order of their keys. */
export function hashOf(input: unknown): string {
  return createHash('sha256').update(canonicalJson(input)).digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part) && !(part instanceof Date)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
