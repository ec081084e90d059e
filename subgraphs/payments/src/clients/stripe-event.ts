import Stripe from 'stripe';
import { InvalidSignatureError, type ProviderEvent, SIGNATURE_TOLERANCE_S } from './provider.ts';

/**
 * Checks a delivery by the bytes that came, before anything is parsed. The SDK
 * accepts times of the future and times that are no numbers; we do not.
 */
export function readStripeEvent(
  stripe: Stripe,
  secrets: readonly string[],
  { body, signature, now }: { body: Buffer; signature: string | undefined; now: Date },
): ProviderEvent {
  const signedAt = /(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature ?? '')?.[1];
  if (!signature || signature.length > MAX_SIGNATURE_LENGTH || signedAt === undefined) {
    throw new InvalidSignatureError('There is no signature to check.');
  }
  if (Number(signedAt) - now.getTime() / 1_000 > SIGNATURE_TOLERANCE_S) {
    throw new InvalidSignatureError('The signature is from the future.');
  }
  const event = verified(stripe, secrets, { body, signature, now });
  return {
    id: event.id,
    type: event.type,
    createdAt: new Date(event.created * 1_000),
    isLive: event.livemode,
    account: event.account ?? null,
    ...subjectOf(event),
  };
}

/** A hundred signatures fit; more are nobody's rotation of keys. */
const MAX_SIGNATURE_LENGTH = 8_192;

function verified(
  stripe: Stripe,
  secrets: readonly string[],
  { body, signature, now }: { body: Buffer; signature: string; now: Date },
): Stripe.Event {
  for (const secret of secrets) {
    try {
      const event: unknown = stripe.webhooks.constructEvent(
        body,
        signature,
        secret,
        SIGNATURE_TOLERANCE_S,
        undefined,
        now.getTime(),
      );
      if (isEvent(event)) return event;
    } catch {
      // Not signed with this secret, too old, or not JSON: the next secret decides, or the answer is no.
    }
  }
  throw new InvalidSignatureError('The signature does not fit the body.');
}

function isEvent(value: unknown): value is Stripe.Event {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'type' in value &&
    typeof value.type === 'string' &&
    'created' in value &&
    Number.isInteger(value.created) &&
    'data' in value &&
    typeof value.data === 'object'
  );
}

/** The intent behind a payment or charge, the account behind an account event, else the object itself. */
function subjectOf(event: Stripe.Event): Pick<ProviderEvent, 'objectReference' | 'paymentId'> {
  // The SDK's type is a union of some 250 events; these few fields are all that is read of any.
  const object = (event.data as { object?: SubjectFields | null }).object ?? {};
  const intent = typeof object.payment_intent === 'string' ? object.payment_intent : object.payment_intent?.id;
  return {
    objectReference: intent ?? object.id ?? null,
    paymentId: typeof object.metadata?.['paymentId'] === 'string' ? object.metadata['paymentId'] : null,
  };
}

interface SubjectFields {
  id?: string;
  payment_intent?: string | { id: string } | null;
  metadata?: Record<string, unknown> | null;
}
