import { createRedisBus } from '@marketgraph/platform/messaging';
import { openDatabase, postgresInbox } from '@marketgraph/platform/postgres';
import { silentLog as log } from '@marketgraph/platform/testing';
import { DOMAIN, writeEffect } from './effects.ts';

/** Takes events, handles some of them, acknowledges none, and waits to be killed. */
const { DATABASE_URL: url = '', REDIS_URL: redisUrl = '', GROUP: group = '' } = process.env;
const [take, handle] = [Number(process.env['TAKE']), Number(process.env['HANDLE'])];
const orm = await openDatabase({ url, entities: [], log, applicationName: 'holder' });
const bus = await createRedisBus({ url: redisUrl, log });
const member = await bus.join({ group, domains: [DOMAIN] });
const held = await member.receive({ count: take, waitMs: 10_000 });
const inbox = postgresInbox(orm);
for (const { envelope } of held.slice(0, handle)) {
  await inbox.once(group, envelope.id, (em) => writeEffect(group)(envelope, em));
}
process.stdout.write(`${held.length}\n`);
setInterval(() => undefined, 60_000);
