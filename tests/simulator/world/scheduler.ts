import type { Random } from './random.ts';

/** One run of one copy of a service. When it dies nothing it began goes on; its successor is another actor. */
export interface Actor {
  readonly name: string;
  isAlive: boolean;
}

export interface Appointment {
  readonly at: number;
  readonly order: number;
  readonly actor: Actor | null;
  readonly run: () => void;
  isCanceled: boolean;
}

/** Something the schedule does to an actor as it arrives somewhere. */
export type Blow = 'none' | 'crash' | 'stall';

/** A schedule that takes more goes in circles. The longest that ended took a tenth. */
const MAX_STEPS = 100_000;

export const EPOCH = Date.parse('2026-03-01T10:00:00.000Z');

/**
 * One thread, no real time: a list of what happens next, ordered by virtual
 * time, with seeded delays. One appointment runs at a time and everything it
 * sets free runs before the next, so each await that waits for an appointment
 * is a place where any other may come in between, and nothing else is.
 */
export class Scheduler {
  now = EPOCH;
  /** Whose code is running. */
  current: Actor | null = null;
  steps = 0;
  /** Decides what befalls an actor at its next appointment. */
  onArrival: (actor: Actor, what: string) => Blow = () => 'none';
  onCrash: (actor: Actor, what: string) => void = () => undefined;
  readonly #heap: Appointment[] = [];
  #order = 0;

  constructor(readonly random: Random) {}

  at(delayMs: number, actor: Actor | null, run: () => void): Appointment {
    this.#order += 1;
    const appointment = { at: this.now + delayMs, order: this.#order, actor, run, isCanceled: false };
    this.#push(appointment);
    return appointment;
  }

  /**
   * Where code waits for a store or a peer: it comes back later, after others,
   * or never, because its process died here.
   */
  arrive(what: string, { lowMs = 0, highMs = 2 }: { lowMs?: number; highMs?: number } = {}): Promise<void> {
    const actor = this.current;
    if (!actor) throw new Error(`Nobody's code waits for ${what}.`);
    return new Promise((resolve) => {
      const come = () => {
        const blow = this.onArrival(actor, what);
        if (blow === 'crash') return this.onCrash(actor, what);
        if (blow === 'stall') return void this.at(this.random.between(500, 8_000), actor, resolve);
        resolve();
      };
      this.at(this.random.between(lowMs, highMs), actor, come);
    });
  }

  /** Runs until the condition holds; false when the time is over first. */
  async run(isOver: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.now + limitMs;
    for (;;) {
      if (isOver()) return true;
      const next = this.#heap[0];
      if (!next || next.at > end || this.steps >= MAX_STEPS) return false;
      this.#pop();
      if (next.isCanceled || next.actor?.isAlive === false) continue;
      this.now = Math.max(this.now, next.at);
      this.steps += 1;
      this.current = next.actor;
      next.run();
      await new Promise((resolve) => {
        // Runs when no promise is left to continue, without a turn of the event loop.
        process.nextTick(resolve);
      });
      this.current = null;
    }
  }

  #push(appointment: Appointment): void {
    const heap = this.#heap;
    let index = heap.push(appointment) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent]!, appointment)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = appointment;
  }

  #pop(): Appointment | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (isBefore(last, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/**
 * Puts virtual time and seeded chance in the place of the real ones while a
 * schedule runs, because loops, pauses and deadlines of the product take them
 * from the global object. Undone by the function it returns.
 */
export function replaceTime(scheduler: Scheduler): () => void {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const realRandom = Math.random;
  const timer = (run: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]) => {
    const { current } = scheduler;
    const appointment = scheduler.at(Math.max(delayMs, 0), current, () => run(...given));
    return Object.assign(appointment, { ref: () => appointment, unref: () => appointment });
  };
  const clear = (given: unknown) => {
    if (given && typeof given === 'object' && 'isCanceled' in given) given.isCanceled = true;
  };
  Object.assign(globalThis, { setTimeout: timer, clearTimeout: clear });
  Math.random = () => scheduler.random.next();
  const realNow = performance.now;
  performance.now = () => scheduler.now - EPOCH;
  return () => {
    Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
    Math.random = realRandom;
    performance.now = realNow;
  };
}
