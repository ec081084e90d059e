import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Users } from '../auth/users.ts';
import { Cursors } from '../cursors/cursors.ts';
import { KeptEncodings } from '../cursors/kept-encodings.ts';
import type { Server } from '../server.ts';
import { Store } from '../storage/store.ts';
import { Sessions } from '../transactions/sessions.ts';
import type { ConnectionState } from './command.ts';
import { dispatch } from './dispatch.ts';

function aServer(): Server {
  const store = new Store(':memory:');
  onTestFinished(() => store.close());
  return {
    store,
    sessions: new Sessions(store),
    cursors: new Cursors(),
    encodings: new KeptEncodings(),
    users: new Users(store.file, []),
    stats: { connections: 0, totalConnections: 0, commands: {}, docsExamined: 0, keysExamined: 0, expired: 0 },
    log: vi.fn<(message: string) => void>(),
    startedAt: new Date(0),
  };
}

const connection: ConnectionState = { id: 1, address: '127.0.0.1:1', signal: new AbortController().signal };

function run(server: Server, command: Record<string, never> | object) {
  return dispatch(server, connection, {
    requestId: 1,
    database: 'test',
    command: command as never,
    isOneWay: false,
    isLegacy: false,
  });
}

describe('dispatching', () => {
  it('answers a write only when it is in the file', async () => {
    const server = aServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    vi.spyOn(server.store, 'durable').mockReturnValue(promise);
    let answered: unknown;
    const answer = run(server, { insert: 'c', documents: [{ a: 1 }] }).then((reply) => (answered = reply));
    await new Promise((next) => setImmediate(next));
    expect(server.store.catalog.find('test', 'c')?.records.size).toBe(1);
    expect(answered).toBeUndefined();
    resolve();
    expect(await answer).toMatchObject({ fields: { n: 1, ok: 1 } });
  });

  it('answers no command at all once the file has failed', async () => {
    const server = aServer();
    expect(() => server.store.file.write('INSERT INTO nowhere VALUES (1)')).toThrow(/cannot be written/);
    expect(await run(server, { find: 'c' })).toMatchObject({
      fields: { ok: 0, code: 1, errmsg: expect.stringContaining('cannot be written') },
    });
  });

  it('turns a mistake of its own into an error and tells the log', async () => {
    const server = aServer();
    vi.spyOn(server.store.catalog, 'find').mockImplementation(() => {
      throw new Error('oops');
    });
    expect(await run(server, { find: 'c' })).toMatchObject({ fields: { ok: 0, code: 1, errmsg: 'emulator: oops' } });
    expect(server.log).toHaveBeenCalledOnce();
  });

  it('does not take a command from what objects inherit', async () => {
    expect(await run(aServer(), { constructor: 1 })).toMatchObject({ fields: { ok: 0, code: 59 } });
    expect(await run(aServer(), { find: 'c', filter: { a: { constructor: 1, $constructor: 1 } } })).toMatchObject({
      fields: { ok: 1 },
    });
    expect(await run(aServer(), { find: 'c', filter: { a: { $constructor: 1 } } })).toMatchObject({
      fields: { ok: 0, code: 2 },
    });
  });
});
