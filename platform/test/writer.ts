import { createRedisBus, startRelay } from '../src/messaging/messaging.ts';
import { appendToOutbox, inTransaction, openDatabase, postgresOutbox } from '../src/postgres/postgres.ts';
import { silentLog as log, testIds } from '../src/testing/testing.ts';

/** Commits rows with an event each, says so, and publishes them, until it is killed. */
const { DATABASE_URL: url = '', REDIS_URL: redisUrl = '' } = process.env;
const orm = await openDatabase({ url, entities: [], log, applicationName: 'writer' });
const bus = await createRedisBus({ url: redisUrl, log });
startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log, intervalMs: 5 });
const ids = testIds();
for (;;) {
  const key = ids.next('row');
  await inTransaction(orm, async (em) => {
    await em.execute('insert into effect (key, value) values (?, ?)', [key, 'written']);
    await appendToOutbox(em, [{ name: 'orders.written', version: 1, key, sequence: 1, payload: {} }], {
      ids,
      now: new Date(),
    });
  });
  process.stdout.write('written\n');
}
