import { join } from 'node:path';
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

export async function startStripeStore(context: StoreContext): Promise<StartedStore<StripeAccess>> {
  if (context.external.stripeSecretKey !== undefined) return externalStripe(context, context.external.stripeSecretKey);
  const keys = context.secrets.stripe;
  const { startStripeEmulator } = await import('@marketgraph/emulator-stripe');
  const server = await startStripeEmulator({
    dataFile: join(context.folder.sub('stripe'), 'payments.sqlite'),
    port: context.ports.stripe ?? 0,
    secretKeys: [keys.secretKey],
  });
  return {
    access: {
      ...keys,
      url: server.url,
      setWebhook: async (webhook) => void (await server.setWebhook(webhook)),
    },
    description: {
      name: 'stripe',
      kind: 'emulator',
      version: 'emulator',
      address: `127.0.0.1:${server.port}`,
      pid: process.pid,
    },
    ping: () => pingHttp(`${server.url}/health`),
    stop: () => server.stop(),
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
