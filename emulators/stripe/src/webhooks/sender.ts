import { API_VERSION } from '../world.ts';
import type { Faults } from '../faults.ts';
import type { Delivery, DeliveryState, WebhookTarget } from '../store/deliveries.ts';
import type { World } from '../world.ts';
import { present } from '../http/expand.ts';
import { Poster } from './post.ts';
import { signatureHeader } from './signature.ts';

export interface RetryPolicy {
  /** Wait before the second attempt; doubled for each one after it. */
  baseMs: number;
  maxMs: number;
  maxAttempts: number;
  /** How long a scripted reordering may hold events back for others that do not come. */
  maxHoldMs: number;
}

/** Some four hours in all; Stripe's own retries go on for three days. */
export const defaultRetry: RetryPolicy = { baseMs: 500, maxMs: 300_000, maxAttempts: 60, maxHoldMs: 5_000 };

const MAX_IN_FLIGHT = 32;

interface SenderOptions {
  world: World;
  faults: Faults;
  retry: RetryPolicy;
  /** Seconds for the signature: the clock of the wire, which the receiver compares with its own. */
  wireSeconds(): number;
  log(message: string, detail: Record<string, unknown>): void;
}

/** Sends queued events to the one endpoint, several at a time and so in no promised order, and again until it answers 2xx. */
export class WebhookSender {
  readonly #options: SenderOptions;
  readonly #poster = new Poster();
  readonly #inFlight = new Set<number>();
  readonly #held = new Map<string, number[]>();
  /** Which held delivery goes out after which. */
  readonly #follows = new Map<number, number>();
  /** Copies made by a fault are not met by faults themselves. */
  readonly #copies = new Set<number>();
  /** Every delivery up to here has met the scripted faults. */
  #plannedUpTo: number;
  #target: WebhookTarget | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isAwake = false;
  #stopped = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    options.world.deliveries.releaseHeld(Date.now());
    this.#target = options.world.deliveries.keptTarget();
    this.#plannedUpTo = options.world.deliveries.lastSeq();
  }

  get target(): WebhookTarget | undefined {
    return this.#target;
  }

  /** The address is kept with the events. An endpoint that has moved gets what it missed without further waiting. */
  setTarget(target: WebhookTarget): void {
    this.#target = target;
    this.#options.world.deliveries.keepTarget(target);
    this.#options.world.deliveries.hurry(Date.now());
    this.wake();
  }

  /** Looks for work soon: called after every commit, at every answer and by its own timer. Many calls make one look. */
  wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(() => {
      this.#isAwake = false;
      if (!this.#stopped && this.#target) this.#work();
    });
  }

  /** Sends an event once more, whatever became of its earlier deliveries. */
  redeliver(eventId: string): boolean {
    const found = this.#options.world.objects.findAnywhere('event', eventId);
    if (!found) return false;
    this.#options.world.deliveries.enqueue(eventId, found.body.type, 'pending', Date.now());
    this.wake();
    return true;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#poster.close();
  }

  #work(): void {
    this.#planNew();
    const free = MAX_IN_FLIGHT - this.#inFlight.size;
    if (free > 0) {
      const due = this.#options.world.deliveries.due(Date.now(), free + this.#inFlight.size);
      for (const delivery of due.filter(({ seq }) => !this.#inFlight.has(seq)).slice(0, free)) {
        this.#deliver(delivery).catch((error: unknown) =>
          this.#options.log('webhook queue broke', { error: String(error) }),
        );
      }
    }
    this.#sleepUntilNext();
  }

  /** Applies scripted faults to deliveries written since the last look. */
  #planNew(): void {
    const { deliveries } = this.#options.world;
    for (
      let fresh = deliveries.since(this.#plannedUpTo);
      fresh.length > 0;
      fresh = deliveries.since(this.#plannedUpTo)
    ) {
      for (const delivery of fresh) {
        this.#plannedUpTo = delivery.seq;
        if (!this.#copies.delete(delivery.seq)) this.#plan(delivery);
      }
    }
  }

  #plan(delivery: Delivery): void {
    const { world, faults } = this.#options;
    for (const fault of faults.takeForEvent(delivery.type)) {
      const dueMs = Date.now() + fault.delayMs;
      if (fault.drop) {
        world.deliveries.change(delivery.seq, 'dropped', dueMs);
        return;
      }
      if (fault.delayMs > 0) world.deliveries.change(delivery.seq, 'pending', dueMs);
      for (let copy = 0; copy < fault.duplicate; copy += 1) {
        this.#copies.add(world.deliveries.enqueue(delivery.event, delivery.type, 'pending', dueMs));
      }
      if (fault.reorder) this.#hold(fault.id, delivery, fault.times === 0);
    }
  }

  #hold(faultId: string, delivery: Delivery, isLast: boolean): void {
    const held = this.#held.get(faultId);
    this.#options.world.deliveries.change(delivery.seq, 'held', Date.now());
    if (held) held.push(delivery.seq);
    else {
      this.#held.set(faultId, [delivery.seq]);
      setTimeout(() => this.#release(faultId), this.#options.retry.maxHoldMs).unref();
    }
    if (isLast) this.#release(faultId);
  }

  /**
   * Sends what a reordering held back, last first: when all of it has come, or when nobody should wait any longer.
   * Each goes out when the one before has been answered, so the new order is the order of arrival.
   */
  #release(faultId: string): void {
    const held = this.#held.get(faultId) ?? [];
    this.#held.delete(faultId);
    if (this.#stopped) return;
    const [first, ...others] = held.toReversed();
    let before = first;
    for (const seq of others) {
      this.#follows.set(before!, seq);
      before = seq;
    }
    if (first !== undefined) this.#sendNow(first);
  }

  #sendNow(seq: number): void {
    this.#options.world.deliveries.change(seq, 'pending', Date.now());
    this.wake();
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { world, log } = this.#options;
    const target = this.#target!;
    this.#inFlight.add(delivery.seq);
    let status: number | null = null;
    let error: string | null = null;
    try {
      const event = world.objects.findAnywhere('event', delivery.event)!.body;
      const body = JSON.stringify(present(world, event), null, 2);
      status = await this.#poster.post(target.url, body, {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': signatureHeader({ body, secret: target.secret, at: this.#options.wireSeconds() }),
        'stripe-version': API_VERSION,
      });
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    }
    this.#inFlight.delete(delivery.seq);
    // A stopped emulator has closed its file; the row is still pending and goes out after the next start.
    if (this.#stopped) return;
    const outcome = this.#outcome(delivery, status);
    world.deliveries.settle(delivery.seq, { ...outcome, status, error });
    const follower = this.#follows.get(delivery.seq);
    this.#follows.delete(delivery.seq);
    if (follower !== undefined) this.#sendNow(follower);
    if (outcome.state !== 'delivered') {
      log('webhook not delivered', { event: delivery.event, type: delivery.type, status, error });
    }
    this.wake();
  }

  #outcome({ attempts }: Delivery, status: number | null): { state: DeliveryState; dueMs: number } {
    if (status !== null && status >= 200 && status < 300) return { state: 'delivered', dueMs: Date.now() };
    const { baseMs, maxMs, maxAttempts } = this.#options.retry;
    if (attempts + 1 >= maxAttempts) return { state: 'failed', dueMs: Date.now() };
    return { state: 'pending', dueMs: Date.now() + Math.min(maxMs, baseMs * 2 ** attempts) };
  }

  #sleepUntilNext(): void {
    clearTimeout(this.#timer);
    if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
    const next = this.#options.world.deliveries.nextDueMs();
    if (next === undefined) return;
    // Rows in flight are due in the past: their end wakes us, so the wait is never shorter than a breath.
    this.#timer = setTimeout(() => this.wake(), Math.max(20, Math.min(next - Date.now(), 60_000)));
    this.#timer.unref();
  }
}
