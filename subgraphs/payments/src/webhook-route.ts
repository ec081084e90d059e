import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SubgraphRoute } from '@marketgraph/platform/graphql';
import { BodyTooLargeError, readBody, sendJson } from '@marketgraph/platform/serve';
import { InvalidSignatureError, type ProviderEvent } from './clients/provider.ts';
import type { PaymentsDeps } from './commands/payments-deps.ts';
import { COMPANION_DELAY_MS, receiveWebhook } from './commands/receive-webhook.ts';

/** The provider's events are a few kilobytes; a megabyte is nobody's event. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The path must be the whole path: the server hands over whatever begins with it. */
const PATH = '/webhooks/stripe';

/** Checks the signature over the bytes as they came, keeps the event, answers. `onKept` starts the work when it is due. */
export function webhookRoute(deps: PaymentsDeps, onKept: (delayMs: number) => void): SubgraphRoute {
  return {
    method: 'POST',
    prefix: PATH,
    async handle(request, response) {
      if ((request.url ?? '').split('?', 1)[0] !== PATH) return sendJson(response, 404, { error: 'Not found.' });
      const event = await readEvent(deps, request, response);
      if (!event) return;
      const received = await receiveWebhook(deps, event);
      deps.counts.webhooks.of(event.type.slice(0, 100), received).inc();
      if (received === 'kept') onKept(0);
      if (received === 'waiting') onKept(COMPANION_DELAY_MS);
      if (received === 'ignored') deps.log.info({ eventId: event.id, type: event.type }, 'webhook ignored');
      sendJson(response, 200, { received: true });
    },
  };
}

async function readEvent(
  deps: PaymentsDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<ProviderEvent | null> {
  try {
    const body = await readBody(request, MAX_BODY_BYTES);
    const signature = request.headers['stripe-signature'];
    return deps.provider.readEvent({
      body,
      signature: typeof signature === 'string' ? signature : undefined,
      now: deps.clock.now(),
    });
  } catch (error) {
    if (error instanceof BodyTooLargeError) {
      // What is still on its way is not read: the connection ends with the answer.
      sendJson(response, 413, { error: error.message }, { connection: 'close' });
      return null;
    }
    if (!(error instanceof InvalidSignatureError)) throw error;
    deps.counts.badSignatures.inc();
    deps.log.warn({ reason: error.message }, 'webhook refused');
    sendJson(response, 400, { error: 'The signature is not valid.' });
    return null;
  }
}
