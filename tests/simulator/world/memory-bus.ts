import type { Delivery, EventBus, EventEnvelope, GroupMember } from '@marketgraph/platform/messaging';
import type { Faults } from './faults.ts';
import type { Actor, Scheduler } from './scheduler.ts';

interface Pending {
  domain: string;
  position: number;
  owner: Actor;
  since: number;
  attempt: number;
}

interface Group {
  next: Map<string, number>;
  pending: Map<string, Pending>;
  waiting: Set<() => void>;
}

/** After this long an event in hand is taken for abandoned. */
const CLAIM_AFTER_MS = 4_000;
/** An idle member looks again after this long, or when something is published. */
const IDLE_MS = 3_000;
const HANDED_OUT = 16;

/**
 * Streams and consumer groups with the promises of the event bus and not one
 * more: at least once, in the order published, again to another member when
 * the first is silent for too long or the schedule says so.
 */
export class MemoryBus {
  readonly streams = new Map<string, EventEnvelope[]>();
  readonly buried: { group: string; envelope: EventEnvelope; reason: string }[] = [];
  readonly #groups = new Map<string, Group>();

  constructor(
    readonly scheduler: Scheduler,
    readonly faults: () => Faults,
  ) {}

  /** Nothing published is still on its way to a group. */
  isIdle(): boolean {
    return [...this.#groups.values()].every(
      (group) =>
        group.pending.size === 0 &&
        [...group.next].every(([domain, next]) => next === (this.streams.get(domain)?.length ?? 0)),
    );
  }

  /** As one process sees it. */
  asBus(): Pick<EventBus, 'publish' | 'markOf' | 'join'> {
    return {
      publish: async (domain, envelopes) => {
        await this.scheduler.arrive('publish');
        const isBroken = this.scheduler.random.chance(this.faults().bus);
        if (isBroken && this.scheduler.random.chance(0.5)) throw new Error('The bus does not answer.');
        const stream = this.streams.get(domain) ?? [];
        this.streams.set(domain, stream);
        // What travels is text.
        const positions = envelopes.map((envelope) => {
          const text = typeof envelope === 'string' ? envelope : JSON.stringify(envelope);
          return String(stream.push(JSON.parse(text) as EventEnvelope) - 1);
        });
        for (const group of this.#groups.values()) if (group.next.has(domain)) this.#wake(group);
        if (isBroken) throw new Error('The bus did not say that it has the events.');
        return positions;
      },
      markOf: async () => 0,
      join: async ({ group, domains }) => this.#join(group, domains),
    };
  }

  #join(name: string, domains: readonly string[]): GroupMember {
    const { scheduler } = this;
    const owner = scheduler.current;
    if (!owner) throw new Error('A member belongs to a process.');
    const group = this.#groups.get(name) ?? { next: new Map(), pending: new Map(), waiting: new Set() };
    this.#groups.set(name, group);
    for (const domain of domains) if (!group.next.has(domain)) group.next.set(domain, 0);
    return {
      receive: async () => {
        await scheduler.arrive('receive');
        const first = this.#take(group, owner);
        if (first.length > 0) return first;
        await new Promise<void>((resolve) => {
          const wake = () => {
            if (!group.waiting.delete(wake)) return;
            timer.isCanceled = true;
            scheduler.at(scheduler.random.next(), owner, resolve);
          };
          const timer = scheduler.at(IDLE_MS, owner, wake);
          group.waiting.add(wake);
        });
        return this.#take(group, owner);
      },
      acknowledge: async (deliveries) => {
        await scheduler.arrive('acknowledge');
        for (const delivery of deliveries) group.pending.delete(keyOf(delivery));
      },
      bury: async (delivery, reason) => {
        await scheduler.arrive('bury');
        group.pending.delete(keyOf(delivery));
        this.buried.push({ group: name, envelope: delivery.envelope, reason });
      },
      interrupt: async () => undefined,
      close: async () => undefined,
    };
  }

  #wake(group: Group): void {
    for (const wake of [...group.waiting]) wake();
  }

  #take(group: Group, owner: Actor): Delivery[] {
    const { now, random } = this.scheduler;
    const again = [...group.pending.values()].filter(
      (pending) =>
        !pending.owner.isAlive || now - pending.since > CLAIM_AFTER_MS || random.chance(this.faults().redelivery),
    );
    for (const pending of again) Object.assign(pending, { owner, since: now, attempt: pending.attempt + 1 });
    const fresh: Pending[] = [];
    for (const [domain, next] of group.next) {
      const length = this.streams.get(domain)?.length ?? 0;
      const upTo = Math.min(length, next + HANDED_OUT);
      for (let position = next; position < upTo; position += 1) {
        const pending = { domain, position, owner, since: now, attempt: 1 };
        group.pending.set(keyOf({ domain, position: String(position) }), pending);
        fresh.push(pending);
      }
      group.next.set(domain, upTo);
    }
    return [...again, ...fresh].map(({ domain, position, attempt }) => ({
      domain,
      position: String(position),
      envelope: structuredClone(this.streams.get(domain)![position]!),
      attempt,
    }));
  }
}

function keyOf({ domain, position }: Pick<Delivery, 'domain' | 'position'>): string {
  return `${domain}/${position}`;
}
