import { join } from 'node:path';
import type { Clock, Ids } from '@marketgraph/platform/core';
import { defineSubgraph, type Subgraph, type SubgraphRoute, withLoaders } from '@marketgraph/platform/graphql';
import {
  type Consumer,
  createRedisBus,
  type Loop,
  type Relay,
  startConsumer,
  startLoop,
  startRelay,
} from '@marketgraph/platform/messaging';
import {
  checkDatabase,
  databaseClock,
  migrateDatabase,
  openDatabase,
  postgresInbox,
  postgresOutbox,
} from '@marketgraph/platform/postgres';
import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import { createIds, sendJson, type SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import { type AccessTokens, accessTokens } from './clients/access-tokens.ts';
import { folderMailSink, type MailSink } from './clients/mail-sink.ts';
import { type PasswordHasher, passwordHasher } from './clients/password-hasher.ts';
import { redisRevocations } from './clients/revocations.ts';
import { cleanSessions, restoreRevocations } from './commands/clean-sessions.ts';
import type { CommandDeps } from './commands/deps.ts';
import { ensureOperator } from './commands/ensure-operator.ts';
import { sendMails } from './commands/send-mails.ts';
import type { AccountsConfig } from './config.ts';
import { accountsCounts } from './counts.ts';
import { concerns, handlers } from './events/in.ts';
import type { AccountsContext } from './graphql/context.ts';
import { createLoaders } from './graphql/loaders.ts';
import { accountsSchema } from './schema.ts';
import { Initial } from './store/migrations/001-initial.ts';
import { Prime } from './store/migrations/002-prime.ts';
import { TasteAndReach } from './store/migrations/003-taste-and-reach.ts';
import { ApiKeys } from './store/migrations/004-api-keys.ts';

export interface AccountsDeps {
  config: AccountsConfig;
  log: Logger;
  peers: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
  /** Others than the real ones, for tests. */
  passwords?: PasswordHasher;
  mailSink?: MailSink;
}

/** A logout must not wait for a Redis that is away: the database has it. */
const REVOCATION_TIMEOUT_MS = 500;
/** What is written here is sent at once; this is for what failed, and for mails of a process that died. */
const MAIL_INTERVAL_MS = 2_000;
const CLEANING_INTERVAL_MS = 60_000;

export async function createAccounts(deps: AccountsDeps): Promise<Subgraph> {
  const { config, log, metrics, ids = createIds() } = deps;
  await migrateDatabase({
    ownerUrl: config.migrationDatabaseUrl,
    appUrl: config.databaseUrl,
    migrations: {
      '001-initial': Initial,
      '002-prime': Prime,
      '003-taste-and-reach': TasteAndReach,
      '004-api-keys': ApiKeys,
    },
    appendOnly: ['audit_log'],
    log,
  });
  const tokens = await accessTokens(config.signingKeys, config.accessTokenTtlS);
  const orm = await openDatabase({ url: config.databaseUrl, entities: [], log, applicationName: 'accounts', metrics });
  const clock = deps.clock ?? (await databaseClock(orm, log));
  const redis = await connectRedis(config.redisUrl, {
    log,
    name: 'accounts revocations',
    options: { commandTimeout: REVOCATION_TIMEOUT_MS, maxRetriesPerRequest: 0, enableOfflineQueue: false },
  });
  const bus = await createRedisBus({ url: config.redisUrl, log });
  let relay: Relay | undefined;
  let consumer: Consumer | undefined;
  let mailer: Loop | undefined;
  let loops: Loop[] = [];
  const commands: CommandDeps = {
    orm,
    ids,
    clock,
    log,
    counts: accountsCounts(metrics),
    tokens,
    passwords: deps.passwords ?? passwordHasher(),
    revocations: redisRevocations(redis, log),
    mailSink: deps.mailSink ?? folderMailSink(join(config.outboxDir, 'mail')),
    refreshTokenTtlS: config.refreshTokenTtlS,
    wakeMailer: () => mailer?.nudge(),
  };

  return defineSubgraph<AccountsContext>({
    name: 'accounts',
    schema: accountsSchema(),
    log,
    createContext: (base) => withLoaders({ ...base, commands }, () => createLoaders(orm)),
    routes: [keySetRoute(tokens)],
    async start() {
      if (config.operator) await ensureOperator(commands, config.operator);
      await restoreRevocations(commands);
      relay = startRelay({ domain: 'accounts', outbox: postgresOutbox(orm), bus, log, metrics });
      consumer = await startConsumer({
        group: 'accounts',
        domains: ['orders', 'catalog'],
        bus,
        inbox: postgresInbox(orm),
        handlers: handlers(commands),
        concerns,
        log,
        metrics,
      });
      mailer = startLoop({ name: 'mails', log, intervalMs: MAIL_INTERVAL_MS, run: () => sendMails(commands) });
      loops = [
        mailer,
        startLoop({
          name: 'expired sessions',
          log,
          intervalMs: CLEANING_INTERVAL_MS,
          run: async () => ((await cleanSessions(commands)) > 0 ? 'busy' : 'idle'),
        }),
      ];
    },
    async stop() {
      await Promise.all([consumer?.stop(), ...loops.map((loop) => loop.stop())]);
      await relay?.stop();
      await bus.close();
      await closeRedis(redis);
      await orm.close();
    },
    checks: {
      postgres: () => checkDatabase(orm),
      redis: async () => void (await redis.ping()),
    },
  });
}

/** For whoever else wants to verify our tokens: public keys are public. */
function keySetRoute({ keySet }: AccessTokens): SubgraphRoute {
  return {
    method: 'GET',
    prefix: '/.well-known/jwks.json',
    handle: async (_, response) => sendJson(response, 200, keySet, { 'cache-control': 'public, max-age=300' }),
  };
}
