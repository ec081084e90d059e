/** How one thing is. The worst of all decides how the command ends. */
export type Status = 'ok' | 'warn' | 'fail';

export interface Judgement {
  status: Status;
  /** What was seen, in a sentence. */
  reason: string;
  /** What to do, where something is to be done. */
  advice?: string;
  /** The figures behind it. */
  facts?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface Check {
  /** For instance `postgres:orders`. */
  id: string;
  /** Opens what it needs and closes it; whoever calls it stops waiting after a while. */
  run(context: CheckContext): Promise<Judgement>;
}

export interface CheckContext {
  /** This machine's clock. */
  now(): number;
  /** Told to end when nobody waits any longer. */
  signal: AbortSignal;
}

export interface Outcome extends Judgement {
  id: string;
  ms: number;
}

/** A connection that does not come about within this is as good as none. */
export const CONNECT_MS = 3_000;
/** A whole check. A store that needs longer for such questions is in trouble, whatever it would have said. */
const CHECK_MS = 8_000;

export const worst = (statuses: readonly Status[]): Status =>
  statuses.includes('fail') ? 'fail' : statuses.includes('warn') ? 'warn' : 'ok';

/** All checks at the same time; each has its own end, whatever the others do. */
export async function runChecks(
  checks: readonly Check[],
  { now = Date.now, timeoutMs = CHECK_MS }: { now?: () => number; timeoutMs?: number } = {},
): Promise<Outcome[]> {
  return await Promise.all(
    checks.map(async ({ id, run }) => {
      const begin = performance.now();
      const stopped = new AbortController();
      const judgement = await inTime(run({ now, signal: stopped.signal }), timeoutMs).finally(() => stopped.abort());
      return { id, ...judgement, ms: Math.round(performance.now() - begin) };
    }),
  );
}

async function inTime(running: Promise<Judgement>, timeoutMs: number): Promise<Judgement> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Judgement>((resolve) => {
    const reason = `did not answer within ${timeoutMs / 1_000} s`;
    timer = setTimeout(() => resolve({ status: 'fail', reason, advice: UNREACHABLE }), timeoutMs);
  });
  const failed = (error: unknown): Judgement => ({ status: 'fail', reason: reasonOf(error), advice: UNREACHABLE });
  try {
    return await Promise.race([running.catch(failed), late]);
  } finally {
    clearTimeout(timer);
  }
}

const UNREACHABLE = 'See whether it runs and listens there, and whether the address and the password are right.';
const MAX_REASON_LENGTH = 300;

/** The innermost reason, without what belongs to no report: URLs of drivers have passwords. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  const text = message === '' || message === 'fetch failed' ? (cause ? reasonOf(cause) : 'failed') : message;
  return text.replaceAll(/\/\/[^\s/@]*@/g, '//').slice(0, MAX_REASON_LENGTH);
}
