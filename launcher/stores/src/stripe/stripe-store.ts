import { join } from 'node:path';
import { emulatorVersion, startEmulatorProcess, type EmulatorProcess } from '../emulator/emulator-process.ts';
import { pingHttp } from '../server/ping-http.ts';
import type { StartedStore, StoreContext } from '../store-context.ts';
import { StoreUnavailableError } from '../store-errors.ts';

export interface StripeWebhook {
  readonly url: string;
  readonly secret: string;
}

export interface StripeAccess {
  /** Undefined for Stripe itself: the SDK knows where that is. */
  readonly url: string | undefined;
  readonly secretKey: string;
  readonly publishableKey: string;
  readonly webhookSecret: string;
  /** Tells the emulator where events go. Stripe itself is told in its dashboard, so there it does nothing. */
  setWebhook(webhook: StripeWebhook): Promise<void>;
}

const PACKAGE = '@marketgraph/emulator-stripe';

interface RunningStripe {
  readonly port: number;
  pid(): number;
  setWebhook(webhook: StripeWebhook): Promise<void>;
  stop(): Promise<void>;
}

/** Stripe's own test mode when a key is given, otherwise the emulator. */
export async function startStripeStore(context: StoreContext): Promise<StartedStore<StripeAccess>> {
  if (context.external.stripeSecretKey !== undefined) return externalStripe(context, context.external.stripeSecretKey);
  const dataDir = context.folder.sub('stripe');
  const dataFile = join(dataDir, 'payments.sqlite');
  const server = context.processes
    ? await emulatorProcess(context, dataDir, dataFile)
    : await emulatorHere(context, dataFile);
  const address = `127.0.0.1:${server.port}`;
  return {
    access: {
      ...context.secrets.stripe,
      url: `http://${address}`,
      setWebhook: (webhook) => server.setWebhook(webhook),
    },
    get description() {
      const version = emulatorVersion(PACKAGE);
      return { name: 'stripe', kind: 'emulator', version, address, pid: server.pid() } as const;
    },
    ping: () => pingHttp(`http://${address}/health`),
    stop: () => server.stop(),
  };
}

async function emulatorHere(context: StoreContext, dataFile: string): Promise<RunningStripe> {
  const { startStripeEmulator } = await import('@marketgraph/emulator-stripe');
  const server = await startStripeEmulator({
    dataFile,
    port: context.ports.stripe ?? 0,
    secretKeys: [context.secrets.stripe.secretKey],
  });
  return {
    port: server.port,
    pid: () => process.pid,
    setWebhook: async (webhook) => void (await server.setWebhook(webhook)),
    stop: () => server.stop(),
  };
}

// A process learns where webhooks go from its environment, so a new address is a new process on the old port and data.
async function emulatorProcess(context: StoreContext, dataDir: string, dataFile: string): Promise<RunningStripe> {
  const launch = async (port: number | undefined, webhook: Record<string, string>): Promise<EmulatorProcess> =>
    await startEmulatorProcess({
      name: 'Stripe emulator',
      packageName: PACKAGE,
      dataDir,
      port,
      env: (port) => ({
        STRIPE_EMULATOR_PORT: String(port),
        STRIPE_EMULATOR_DATA: dataFile,
        STRIPE_EMULATOR_SECRET_KEY: context.secrets.stripe.secretKey,
        ...webhook,
      }),
      log: context.log,
    });
  let server = await launch(context.ports.stripe, {});
  const { port } = server;
  // Changes happen one after another, and the stop after all of them: no process can slip through between two.
  let lastChange: Promise<void> = Promise.resolve();
  let isStopped = false;
  const change = (work: () => Promise<void>): Promise<void> => {
    const done = lastChange.then(work);
    lastChange = done.catch(() => {});
    return done;
  };
  return {
    port,
    pid: () => server.pid,
    setWebhook: ({ url, secret }) =>
      change(async () => {
        if (isStopped) throw new Error('The Stripe emulator has been stopped');
        await server.stop();
        server = await launch(port, { STRIPE_WEBHOOK_URL: url, STRIPE_WEBHOOK_SECRET: secret });
      }),
    stop: () =>
      change(async () => {
        isStopped = true;
        await server.stop();
      }),
  };
}

const STRIPE_API = 'https://api.stripe.com';

function externalStripe({ external }: StoreContext, secretKey: string): StartedStore<StripeAccess> {
  const { stripePublishableKey: publishableKey, stripeWebhookSecret: webhookSecret } = external;
  if (webhookSecret === undefined || publishableKey === undefined) {
    throw new StoreUnavailableError(
      'Stripe',
      'STRIPE_SECRET_KEY is set alone: set STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SECRET as well.',
    );
  }
  return {
    access: { url: undefined, secretKey, publishableKey, webhookSecret, setWebhook: async () => {} },
    description: { name: 'stripe', kind: 'external', version: 'unknown', address: STRIPE_API, pid: undefined },
    ping: () => pingHttp(`${STRIPE_API}/v1/balance`, { authorization: `Bearer ${secretKey}` }),
    stop: async () => {},
  };
}
