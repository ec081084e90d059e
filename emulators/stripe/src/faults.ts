import { z } from 'zod';

import { newId } from './ids.ts';

const MAX_FAULTS = 1_000;
const MAX_DELAY_MS = 10 * 60 * 1_000;

export const requestFaultKinds = [
  'delayAfter',
  'delayBefore',
  'dropConnectionAfterEffect',
  'dropConnectionBeforeEffect',
  'error500AfterEffect',
  'error500BeforeEffect',
  'rateLimit429',
] as const;

const times = z.int().min(1).max(1_000_000).default(1);
const delay = z.int().min(0).max(MAX_DELAY_MS);

/** A fault of the API: which requests, how often, what goes wrong. */
const requestFault = z.strictObject({
  match: z
    .strictObject({
      method: z.enum(['DELETE', 'GET', 'POST']).optional(),
      /** Exact path; `*` stands for any run of characters. */
      path: z.string().max(300).optional(),
    })
    .default({}),
  times,
  kind: z.enum(requestFaultKinds),
  /** For the delays. */
  ms: delay.optional(),
  /**
   * For the 500s: whether the error itself is remembered under the idempotency key, so that a retry gets it again.
   * Stripe remembers what it answered once the work began; so by default yes after the effect, no before it.
   */
  remembered: z.boolean().optional(),
});

/** A fault of the webhooks: which events, how often, what goes wrong. */
const webhookFault = z.strictObject({
  match: z.strictObject({ type: z.string().max(100).optional() }).default({}),
  times,
  /** Extra copies. */
  duplicate: z.int().min(0).max(100).default(0),
  delayMs: delay.default(0),
  /** Holds `times` deliveries back, then sends them last first. */
  reorder: z.boolean().default(false),
  /** Never sent; `redeliver` still can. */
  drop: z.boolean().default(false),
});

export const faultInput = z.union([requestFault, z.strictObject({ webhooks: webhookFault })]);
export type FaultInput = z.input<typeof faultInput>;
export type RequestFault = z.output<typeof requestFault> & { id: string };
export type WebhookFault = z.output<typeof webhookFault> & { id: string };

/** Scripted faults, in memory: each is used up after its number of times, and a restart forgets them all. */
export class Faults {
  #requests: RequestFault[] = [];
  #webhooks: WebhookFault[] = [];

  add(input: FaultInput): RequestFault | WebhookFault {
    const parsed = faultInput.parse(input);
    if (this.#requests.length + this.#webhooks.length >= MAX_FAULTS) {
      throw new RangeError(`At most ${MAX_FAULTS} faults at once.`);
    }
    if ('webhooks' in parsed) {
      const fault = { ...parsed.webhooks, id: newId('fault') };
      this.#webhooks.push(fault);
      return fault;
    }
    if (parsed.kind.startsWith('delay') && parsed.ms === undefined) throw new RangeError('A delay needs `ms`.');
    const fault = { ...parsed, id: newId('fault') };
    this.#requests.push(fault);
    return fault;
  }

  list(): { requests: RequestFault[]; webhooks: WebhookFault[] } {
    return { requests: [...this.#requests], webhooks: [...this.#webhooks] };
  }

  clear(): void {
    this.#requests = [];
    this.#webhooks = [];
  }

  /** All faults this request meets; each is used once by it. */
  takeForRequest(method: string, path: string): RequestFault[] {
    const met = this.#requests.filter(
      ({ match }) => (match.method ?? method) === method && (match.path === undefined || fits(match.path, path)),
    );
    for (const fault of met) fault.times -= 1;
    this.#requests = this.#requests.filter((fault) => fault.times > 0);
    return met;
  }

  takeForEvent(type: string): WebhookFault[] {
    const met = this.#webhooks.filter(({ match }) => match.type === undefined || fits(match.type, type));
    for (const fault of met) fault.times -= 1;
    this.#webhooks = this.#webhooks.filter((fault) => fault.times > 0);
    return met;
  }
}

function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
