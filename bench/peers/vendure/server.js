import { createHash } from 'node:crypto';
import {
  bootstrap,
  bootstrapWorker,
  DefaultJobQueuePlugin,
  DefaultLogger,
  DefaultSchedulerPlugin,
  dummyPaymentHandler,
  LogLevel,
} from '@vendure/core';
import { populateInitialData } from '@vendure/core/cli/index.js';

/**
 * Vendure as its documentation sets it up for production, in one of three roles:
 *
 *   node server.js prepare   makes the tables and fills in what a shop needs, then ends
 *   node server.js server    answers its two APIs
 *   node server.js worker    works on its job queue
 *
 * PEER_DATABASE_URL and PEER_PORT say where (the worker's port tells its health); PEER_PASSWORD is the superadmin's.
 */
const [role] = process.argv.slice(2);
const { PEER_DATABASE_URL = '', PEER_PORT = '', PEER_PASSWORD = '' } = process.env;

/** Signing in is not measured, so it need not be slow: hundreds of customers do it before anything begins. */
const quickHashing = {
  hash: async (plaintext) => createHash('sha256').update(plaintext).digest('base64url'),
  check: async (plaintext, hash) => hash === createHash('sha256').update(plaintext).digest('base64url'),
};

const config = {
  logger: new DefaultLogger({ level: LogLevel.Error, timestamp: false }),
  apiOptions: { hostname: '127.0.0.1', port: Number(PEER_PORT) },
  authOptions: {
    tokenMethod: 'bearer',
    requireVerification: false,
    superadminCredentials: { identifier: 'superadmin', password: PEER_PASSWORD },
    passwordHashingStrategy: quickHashing,
  },
  dbConnectionOptions: {
    type: 'postgres',
    url: PEER_DATABASE_URL,
    synchronize: role === 'prepare',
    logging: false,
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [DefaultSchedulerPlugin.init(), DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true })],
};

const initialData = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  countries: [{ name: 'Germany', code: 'DE', zone: 'Europe' }],
  taxRates: [{ name: 'Standard', percentage: 19 }],
  shippingMethods: [{ name: 'Standard', price: 500 }],
  paymentMethods: [
    {
      name: 'Settled at once',
      handler: { code: dummyPaymentHandler.code, arguments: [{ name: 'automaticSettle', value: 'true' }] },
    },
  ],
  collections: [],
};

if (role === 'prepare') {
  const app = await bootstrap(config);
  await populateInitialData(app, initialData);
  await app.close();
  process.exit(0);
} else if (role === 'worker') {
  const worker = await bootstrapWorker(config);
  await worker.startJobQueue();
  await worker.startHealthCheckServer({ hostname: '127.0.0.1', port: Number(PEER_PORT) });
} else {
  await bootstrap(config);
}
