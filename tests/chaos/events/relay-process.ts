import { armCrashPoint } from '@marketgraph/platform/core';
import { createRedisBus, startRelay } from '@marketgraph/platform/messaging';
import { openDatabase, postgresOutbox } from '@marketgraph/platform/postgres';
import { silentLog as log } from '@marketgraph/platform/testing';
import { DOMAIN } from './effects.ts';

/** Publishes until it is killed, by itself at a crash point or by somebody else. */
armCrashPoint(process.env);
const { DATABASE_URL: url = '', REDIS_URL: redisUrl = '' } = process.env;
const orm = await openDatabase({ url, entities: [], log, applicationName: 'relay' });
const bus = await createRedisBus({ url: redisUrl, log });
startRelay({ domain: DOMAIN, outbox: postgresOutbox(orm), bus, log, intervalMs: 5 });
process.stdout.write('publishing\n');
