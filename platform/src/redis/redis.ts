import { createHash } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../telemetry/telemetry.ts';
import { beginPart, isTracing } from '../tracing/tracing.ts';

export type { Redis } from 'ioredis';
export { type SharedMark, sharedMark } from './shared-mark.ts';

/** A process that starts hears nothing while it loads itself, and for longer than a request may wait: so long an answer may take until it is connected. */
const CONNECTING_MS = 10_000;
/** The longest pause between two tries to reach a Redis that went away. */
const MAX_RECONNECT_DELAY_MS = 2_000;

/** A connection that comes back by itself. Commands sent meanwhile wait, at most `commandTimeoutMs`. */
export async function connectRedis(
  url: string,
  { log, name, options = {} }: { log: Logger; name: string; options?: RedisOptions },
): Promise<Redis> {
  const { commandTimeout } = options;
  const redis = new Redis(url, {
    connectionName: name,
    lazyConnect: true,
    // A pipeline is of whoever began it, and a trace would tell the commands of others as theirs.
    enableAutoPipelining: !isTracing(),
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RECONNECT_DELAY_MS),
    ...options,
    ...(commandTimeout === undefined ? {} : { commandTimeout: Math.max(commandTimeout, CONNECTING_MS) }),
  });
  redis.on('error', (error: Error) => log.warn({ err: error.message, connection: name }, 'redis connection'));
  redis.on('end', () => rejectUnanswered(redis));
  nameScripts(redis);
  if (isTracing()) traceCommands(redis);
  await redis.connect();
  if (commandTimeout !== undefined) redis.options.commandTimeout = commandTimeout;
  return redis;
}

/** A script is a few thousand characters that the server would take the hash of each time: it is sent once, and its hash from then on. */
function nameScripts(redis: Redis): void {
  const sendScript = redis.eval.bind(redis) as (...parameters: unknown[]) => Promise<unknown>;
  const sendName = redis.evalsha.bind(redis) as (...parameters: unknown[]) => Promise<unknown>;
  const names = new Map<string, string>();
  const run = async (script: string, ...parameters: unknown[]): Promise<unknown> => {
    let name = names.get(script);
    if (name === undefined) names.set(script, (name = createHash('sha1').update(script).digest('hex')));
    try {
      return await sendName(name, ...parameters);
    } catch (error) {
      // A server that was started anew, or has forgotten it. Nothing of it was run.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return sendScript(script, ...parameters);
    }
  };
  redis.eval = run as Redis['eval'];
}

/** Spans of what is sent, by the name of the command; keys and values stay out of them. */
function traceCommands(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    const part = beginPart(`redis ${command.name}`, { attributes: { 'db.system.name': 'redis' } });
    if (part)
      command.promise.then(
        () => part.end(),
        (error: unknown) => part.end(error),
      );
    return send(command, stream);
  };
}

/** What was sent to the server that went away, and is sent again to the one that comes back. Part of ioredis, not of its types. */
interface Unanswered {
  prevCommandQueue?: { shift(): { command: { reject(error: Error): void } } | undefined } | null;
}

/** ioredis forgets these when the connection ends before the server is back, and who waits for an answer would wait for ever. */
function rejectUnanswered(redis: Redis): void {
  const { prevCommandQueue: unanswered } = redis as unknown as Unanswered;
  for (let item = unanswered?.shift(); item; item = unanswered?.shift()) {
    item.command.reject(new Error('Connection is closed.'));
  }
}

/** Ends a connection without waiting for a server that may be gone; commands that are not answered yet are rejected. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  const isBetweenTries = redis.status === 'reconnecting';
  redis.disconnect();
  if (!isBetweenTries) return;
  // There is nothing to disconnect, and what waits for the next try would wait for ever: one more, which is not repeated, ends it.
  redis.once('connect', () => redis.disconnect());
  redis.connect().catch(() => undefined);
}
