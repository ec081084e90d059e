import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ulid } from 'ulid';
import type { Clock, Ids } from '../core/core.ts';
import type { UserViewer } from '../graphql/viewer.ts';
import { createLogger, type Logger } from '../telemetry/telemetry.ts';

export { cases } from './cases.ts';
export { residentBytes, usedBytes } from './memory.ts';

export const silentLog: Logger = createLogger({ service: 'test', level: process.env['TEST_LOG'] ?? 'silent' });

/** Each event of a relational outbox by itself, to be selected from, also those that share a row: in the order of `position, at`. */
export const OUTBOX_EVENTS = `(select position, at, event->>'name' as name, event->>'key' as key,
    event->'sequence' as sequence, event->'payload' as payload
  from outbox, jsonb_array_elements(coalesce(texts::jsonb, jsonb_build_array(to_jsonb(outbox))))
    with ordinality as each (event, at)) as event`;

/** What Node is given to run a source of this workspace, for tests that start processes. */
export const SOURCE_FLAGS: readonly string[] = [
  '--conditions=source',
  '--import',
  pathToFileURL(join(import.meta.dirname, 'sources.js')).href,
];

/** Resolves with the first value that is not undefined, null or false; rejects with the last failure at the deadline. */
export async function until<T>(
  look: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 20, what = 'the condition' } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>;
      }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`Not seen within ${timeoutMs} ms: ${what}`, { cause: last });
    await new Promise((resolve) => {
      setTimeout(resolve, intervalMs);
    });
  }
}

export function testIds(): Ids {
  return { next: (prefix) => `${prefix}_${ulid()}` };
}

export interface TestClock extends Clock {
  set(to: Date): void;
  advance(ms: number): void;
}

export function testClock(start = new Date('2026-01-01T00:00:00.000Z')): TestClock {
  let now = start;
  return {
    now: () => now,
    set: (to) => {
      now = to;
    },
    advance: (ms) => {
      now = new Date(now.getTime() + ms);
    },
  };
}

export function aUser(overrides: Partial<UserViewer> = {}): UserViewer {
  const ids = testIds();
  return {
    kind: 'user',
    userId: ids.next('usr'),
    sessionId: ids.next('ses'),
    roles: ['BUYER'],
    memberships: [],
    ...overrides,
  };
}
