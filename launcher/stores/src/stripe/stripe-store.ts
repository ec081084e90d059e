import { join } from 'node:path';
import { emulatorVersion, startEmulatorProcess } from '../emulator/emulator-process.ts';
import { onGivenPort } from '../server/on-port.ts';
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
  readonly pid: number;
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
  const url = `http://${address}`;
  return {
    access: { ...context.secrets.stripe, url, setWebhook: (webhook) => setWebhook(url, webhook) },
    description: { name: 'stripe', kind: 'emulator', version: emulatorVersion(PACKAGE), address, pid: server.pid },
    ping: () => pingHttp(`${url}/health`),
    stop: () => server.stop(),
  };
}

async function emulatorHere(context: StoreContext, dataFile: string): Promise<RunningStripe> {
  const { startStripeEmulator } = await import('@marketgraph/emulator-stripe');
  const { secretKey } = context.secrets.stripe;
  const server = await onGivenPort('Stripe emulator', context.ports.stripe, (port) =>
    startStripeEmulator({ dataFile, port, secretKeys: [secretKey] }),
  );
  return { port: server.port, pid: process.pid, stop: () => server.stop() };
}

async function emulatorProcess(context: StoreContext, dataDir: string, dataFile: string): Promise<RunningStripe> {
  return await startEmulatorProcess({
    name: 'Stripe emulator',
    packageName: PACKAGE,
    dataDir,
    port: context.ports.stripe,
    env: (port) => ({
      STRIPE_EMULATOR_PORT: String(port),
      STRIPE_EMULATOR_DATA: dataFile,
      STRIPE_EMULATOR_SECRET_KEY: context.secrets.stripe.secretKey,
    }),
    log: context.log,
  });
}

const CALL_TIMEOUT_MS = 5000;

// Over HTTP also when the emulator runs in this process: one way to do it, and both are tested by either.
async function setWebhook(emulatorUrl: string, webhook: StripeWebhook): Promise<void> {
  const answer = await fetch(`${emulatorUrl}/_emulator/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(webhook),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`The Stripe emulator refused the webhook ${webhook.url}: ${said}`);
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
