import { isSameMoney, type Money, money, zero } from '@marketgraph/platform/core';
import type {
  IntentRequest,
  OwnIntent,
  PaymentProvider,
  ProviderEvent,
} from '../../../subgraphs/payments/src/clients/provider.ts';
import type { Intent } from '../../../subgraphs/payments/src/domain/intent.ts';
import type { MethodSummary } from '../../../subgraphs/payments/src/domain/payment.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';

// The commands tell these two apart by their class: the one they import themselves.
const { ProviderRefusedError, ProviderUnavailableError } =
  await import('../../../subgraphs/payments/src/clients/provider.ts');

const VISA: MethodSummary = { kind: 'CARD', brand: 'visa', last4: '4242', expiry: '12/2030' };
/** How long the provider's search may not know of what it has made. */
const SEARCH_LAG_MS = 60_000;
const MAX_WEBHOOK_DELAY_MS = 15_000;
/** How often the provider says what it keeps only some time after the capture. */
const LATE_FEES = 0.3;
const MAX_FEE_DELAY_MS = 20_000;

/** What the commands of buying ask of the provider. */
type UsedProvider = Pick<
  PaymentProvider,
  'isLive' | 'createIntent' | 'findIntent' | 'retrieveIntent' | 'captureIntent' | 'cancelIntent'
>;

interface KeptIntent extends OwnIntent {
  intent: Intent;
  orderId: string;
  searchableAt: number;
  captures: number;
}

/**
 * The provider: holds, captures and cancels, each once whatever is asked;
 * repeats what it answered to a key, failures too; tells of changes late,
 * twice and in any order; loses answers.
 */
export class SimulatedProvider {
  readonly intents = new Map<string, KeptIntent>();
  /** Called in the instant money is taken. */
  onCapture: (intent: KeptIntent) => void = () => undefined;
  /** Takes a webhook; rejects when it was not kept, and then it is sent again. */
  deliver: (event: ProviderEvent) => Promise<void> = async () => undefined;
  undelivered = 0;
  readonly #answers = new Map<string, { reference?: string; isFailure?: true }>();
  #count = 0;

  constructor(
    readonly scheduler: Scheduler,
    readonly faults: () => Faults,
  ) {}

  asProvider(): UsedProvider {
    return {
      isLive: false,
      createIntent: (request) =>
        this.#call({ key: request.idempotencyKey, highMs: 400 }, () => this.#create(request)).then(copy),
      findIntent: (paymentId) =>
        this.#call({ highMs: 200 }, () => {
          const { now } = this.scheduler;
          const found = [...this.intents.values()].find(
            (kept) => kept.paymentId === paymentId && kept.searchableAt <= now,
          );
          return found ? copy(found) : null;
        }),
      retrieveIntent: (reference) => this.#call({ highMs: 200 }, () => copy(this.#kept(reference))),
      captureIntent: (reference, amount, key) =>
        this.#call({ key, highMs: 400 }, () => this.#capture(reference, amount)).then(({ intent }) => ({ ...intent })),
      cancelIntent: (reference, key) =>
        this.#call({ key, highMs: 400 }, () => this.#cancel(reference)).then(({ intent }) => ({ ...intent })),
    };
  }

  /** The buyer's card is accepted, or not. False when the intent takes none any more. */
  confirm(reference: string, outcome: 'accepted' | 'declined'): boolean {
    const kept = this.intents.get(reference);
    if (kept?.intent.status !== 'requires_payment_method') return false;
    const chargeReference = `ch_${(this.#count += 1)}`;
    if (outcome === 'declined') {
      const failure = { code: 'card_declined', message: 'The card was declined.', chargeReference };
      this.#move(kept, { failure, chargeReference }, 'payment_intent.payment_failed');
    } else {
      const held: Partial<Intent> = { status: 'requires_capture', capturable: kept.intent.amount, method: VISA };
      this.#move(kept, { ...held, chargeReference, failure: null }, 'payment_intent.amount_capturable_updated');
    }
    return true;
  }

  #create({ paymentId, orderId, amount }: IntentRequest): KeptIntent {
    const reference = `pi_${(this.#count += 1)}`;
    const none = zero(amount.currencyCode);
    const intent: Intent = {
      reference,
      status: 'requires_payment_method',
      amount,
      capturable: none,
      received: none,
      chargeReference: null,
      method: null,
      failure: null,
      fee: null,
    };
    const lag = this.scheduler.random.between(0, SEARCH_LAG_MS);
    const searchableAt = this.scheduler.now + lag;
    const clientSecret = `${reference}_secret_x`;
    const kept: KeptIntent = { intent, clientSecret, paymentId, orderId, searchableAt, captures: 0 };
    this.intents.set(reference, kept);
    this.#tell(kept, 'payment_intent.created');
    return kept;
  }

  #capture(reference: string, amount: Money): KeptIntent {
    const kept = this.#kept(reference);
    const { intent } = kept;
    if (intent.status === 'succeeded' && isSameMoney(intent.received, amount)) return kept;
    this.#demand(kept, ['requires_capture']);
    if (amount.amount > intent.capturable.amount) {
      throw new ProviderRefusedError('state', 'amount_too_large', 'More than is held.');
    }
    if (this.scheduler.random.chance(this.faults().refusedCapture)) {
      throw new ProviderRefusedError('declined', 'card_declined', 'The bank has withdrawn the hold.');
    }
    kept.captures += 1;
    this.onCapture(kept);
    const taken = { status: 'succeeded', received: amount, capturable: zero(amount.currencyCode) } as const;
    const fee = money(Math.round(amount.amount * 0.029) + 30, amount.currencyCode);
    if (this.scheduler.random.chance(LATE_FEES)) {
      this.#move(kept, taken, 'payment_intent.succeeded');
      const delayMs = this.scheduler.random.between(100, MAX_FEE_DELAY_MS);
      this.scheduler.at(delayMs, null, () => this.#move(kept, { fee }, 'charge.updated'));
    } else {
      this.#move(kept, { ...taken, fee }, 'payment_intent.succeeded');
    }
    return kept;
  }

  #cancel(reference: string): KeptIntent {
    const kept = this.#kept(reference);
    this.#demand(kept, ['requires_payment_method', 'requires_capture', 'canceled']);
    if (kept.intent.status === 'canceled') return kept;
    const none = zero(kept.intent.amount.currencyCode);
    this.#move(kept, { status: 'canceled', capturable: none }, 'payment_intent.canceled');
    return kept;
  }

  #kept(reference: string): KeptIntent {
    const kept = this.intents.get(reference);
    if (!kept) throw new ProviderRefusedError('missing', 'resource_missing', `No such intent: ${reference}`);
    return kept;
  }

  #demand({ intent }: KeptIntent, statuses: readonly Intent['status'][]): void {
    if (statuses.includes(intent.status)) return;
    throw new ProviderRefusedError('state', 'unexpected_state', `The intent is ${intent.status}.`);
  }

  #move(kept: KeptIntent, change: Partial<Intent>, event: string): void {
    kept.intent = { ...kept.intent, ...change };
    this.#tell(kept, event);
  }

  /** One request over the network. With a key: the answer it had before, whatever that was. */
  async #call<T extends KeptIntent | OwnIntent | null>(
    { key, highMs }: { key?: string; highMs: number },
    effect: () => T,
  ): Promise<T> {
    const { scheduler } = this;
    const { random } = scheduler;
    await scheduler.arrive('provider', { lowMs: 5, highMs });
    const isBroken = random.chance(this.faults().provider);
    const before = key === undefined ? undefined : this.#answers.get(key);
    if (before?.isFailure) throw new ProviderUnavailableError();
    if (isBroken && random.chance(0.5)) {
      // Half of these reached the provider, which failed and will say so again under the same key.
      if (key !== undefined && random.chance(0.5)) this.#answers.set(key, { isFailure: true });
      throw new ProviderUnavailableError();
    }
    const value = before?.reference ? (this.#kept(before.reference) as T) : effect();
    if (key !== undefined && value && 'intent' in value) this.#answers.set(key, { reference: value.intent.reference });
    await scheduler.arrive('provider answer', { lowMs: 5, highMs: isBroken ? 9_000 : highMs });
    if (isBroken) throw new ProviderUnavailableError();
    return value;
  }

  #tell({ intent, paymentId }: KeptIntent, type: string): void {
    const { random, now } = this.scheduler;
    const isBad = this.faults().provider > 0;
    const times = isBad && random.chance(0.3) ? 2 : 1;
    const names = { objectReference: intent.reference, paymentId, account: null, isLive: false };
    const event = { id: `evt_${(this.#count += 1)}`, type, createdAt: new Date(now), ...names };
    for (let time = 0; time < times; time += 1) {
      this.#send(event, random.between(50, isBad ? MAX_WEBHOOK_DELAY_MS : 1_000));
    }
  }

  #send(event: ProviderEvent, delayMs: number): void {
    this.undelivered += 1;
    this.scheduler.at(delayMs, null, () => {
      void this.deliver(event).then(
        () => (this.undelivered -= 1),
        () => {
          this.undelivered -= 1;
          this.#send(event, this.scheduler.random.between(2_000, 10_000));
        },
      );
    });
  }
}

/** What leaves the provider is a picture of the moment. */
function copy(own: OwnIntent): OwnIntent {
  return { intent: { ...own.intent }, clientSecret: own.clientSecret, paymentId: own.paymentId };
}
