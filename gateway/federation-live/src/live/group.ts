import type { GraphQLError } from 'graphql';
import type { CursorCodec } from './cursor.ts';
import { liveError, SubscriptionRefusedError } from './live-error.ts';
import type { EventLog, Frame, LiveLogger, LoggedEvent, RunContext, StreamRoot } from './live-ports.ts';
import type { EventRunner, RunOutcome } from './run-event.ts';
import type { Subscriber } from './subscriber.ts';
import type { SubscriptionRequest } from './subscription-request.ts';

export interface GroupDeps {
  log: EventLog;
  logger: LiveLogger;
  runner: EventRunner;
  cursors: CursorCodec;
  toFrame(data: unknown, errors: readonly GraphQLError[], context: RunContext): Frame;
  now(): Date;
  limits: GroupLimits;
  count(what: 'runs' | 'snapshots' | 'skipped' | 'failed'): void;
}

export interface GroupLimits {
  /** Events of one group that run at the same time; they are delivered in order all the same. */
  concurrentRuns: number;
  /** Events of one group that wait. Beyond it the group cannot keep up, and its clients have to resume. */
  waitingEvents: number;
  /** How often an event is tried while its owner cannot be reached. */
  attempts: number;
  retryDelayMs: number;
}

export const defaultGroupLimits: GroupLimits = {
  concurrentRuns: 4,
  waitingEvents: 1_000,
  attempts: 6,
  retryDelayMs: 250,
};

/** Codes by which the owner says that this caller may not listen (any more). */
const ACCESS_CODES = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT']);

type Outcome = { frame: Frame } | { end: readonly GraphQLError[] } | null;

/**
 * Identical subscriptions. Every event runs once and is written once, whatever
 * the number of subscribers. Results leave in the order of the log.
 */
export class Group {
  readonly subscribers = new Set<Subscriber>();
  /** Clients whose replay is under way; they join when it has caught up. */
  expected = 0;
  private readonly waiting: LoggedEvent[] = [];
  private readonly running: { position: string; outcome: Promise<Outcome> }[] = [];
  private delivering = false;
  private nextSnapshot: Promise<Snapshot> | undefined;
  private lastSnapshot: Promise<unknown> = Promise.resolve();

  constructor(
    readonly request: SubscriptionRequest,
    private readonly deps: GroupDeps,
  ) {}

  get isDeserted(): boolean {
    return this.subscribers.size === 0 && this.expected === 0;
  }

  /** An event of one of the group's topics. */
  enqueue(event: LoggedEvent): void {
    if (this.subscribers.size === 0) return;
    if (this.waiting.length >= this.deps.limits.waitingEvents) {
      this.waiting.length = 0;
      this.end([liveError('SLOW_CONSUMER', 'More happens than can be delivered. Resume with your last cursor.')]);
      return;
    }
    this.waiting.push(event);
    this.startRuns();
  }

  /**
   * The state now, and the position it is at least as new as. Whoever asks
   * while one is being taken gets the next, together with everyone else who
   * asks: nobody gets a snapshot older than their registration.
   */
  snapshot(): Promise<Snapshot> {
    this.nextSnapshot ??= this.lastSnapshot.then(() => {
      this.nextSnapshot = undefined;
      const taken = this.takeSnapshot();
      this.lastSnapshot = taken.catch(() => undefined);
      return taken;
    });
    return this.nextSnapshot;
  }

  private async takeSnapshot(): Promise<Snapshot> {
    const { deps } = this;
    const position = await deps.log.head(this.request.plan.owner);
    const context = await this.contextOrRefusal();
    const frames: Frame[] = [];
    for (const key of this.request.keys) {
      deps.count('snapshots');
      const outcome = await deps.runner.run(this.request, this.snapshotRoot(position, key), context);
      if (outcome.kind === 'refused') throw new SubscriptionRefusedError(outcome.errors);
      if (outcome.kind === 'result') frames.push(deps.toFrame(outcome.data, outcome.errors, context));
    }
    return { position, frames };
  }

  /** Asks the owner whether the caller may still listen; rejects when not. */
  async authorise(): Promise<void> {
    const context = await this.contextOrRefusal();
    for (const key of this.request.keys) {
      const refusal = await this.deps.runner.ask(this.request, this.snapshotRoot('0-0', key), context);
      if (refusal) throw new SubscriptionRefusedError(refusal as readonly GraphQLError[]);
    }
  }

  /** One event, tried again while its owner is away. Null: nothing to send. */
  async runEvent(event: LoggedEvent): Promise<Outcome> {
    const { deps, request } = this;
    for (let attempt = 1; ; attempt += 1) {
      const context = await this.contextOf();
      if (!context) return { end: [liveError('UNAUTHENTICATED', 'Your session has ended.')] };
      try {
        deps.count('runs');
        return this.outcomeOf(await deps.runner.run(request, this.liveRoot(event), context), context);
      } catch (error) {
        deps.count('failed');
        deps.logger.warn({ err: error, field: request.plan.field.name, attempt }, 'event could not be run');
        if (attempt >= deps.limits.attempts || this.isDeserted) {
          const message = 'The stream is interrupted. Resume with your last cursor.';
          return {
            end: [liveError('SUBGRAPH_UNAVAILABLE', message, { service: request.plan.owner, retryable: true })],
          };
        }
        await pause(deps.limits.retryDelayMs * 2 ** (attempt - 1));
      }
    }
  }

  end(errors: readonly GraphQLError[] | null): void {
    for (const subscriber of [...this.subscribers]) subscriber.end(errors);
  }

  private outcomeOf(outcome: RunOutcome, context: RunContext): Outcome {
    const { deps } = this;
    if (outcome.kind === 'skipped') {
      deps.count('skipped');
      return null;
    }
    if (outcome.kind === 'refused') {
      if (outcome.errors.some(({ extensions }) => ACCESS_CODES.has(String(extensions['code'])))) {
        return { end: outcome.errors };
      }
      return { frame: deps.toFrame(null, outcome.errors, context) };
    }
    return { frame: deps.toFrame(outcome.data, outcome.errors, context) };
  }

  private startRuns(): void {
    while (this.running.length < this.deps.limits.concurrentRuns) {
      const event = this.waiting.shift();
      if (!event) break;
      this.running.push({ position: event.position, outcome: this.runEvent(event) });
    }
    if (!this.delivering) void this.deliver();
  }

  private async deliver(): Promise<void> {
    this.delivering = true;
    for (let run = this.running[0]; run; run = this.running[0]) {
      const outcome = await run.outcome;
      this.running.shift();
      this.startRuns();
      if (outcome && 'frame' in outcome) {
        for (const subscriber of this.subscribers) subscriber.offer(run.position, outcome.frame);
      } else if (outcome) this.end(outcome.end);
    }
    this.delivering = false;
  }

  private snapshotRoot(position: string, key: string): StreamRoot {
    return {
      kind: 'SNAPSHOT',
      cursor: this.cursorAt(position),
      occurredAt: this.deps.now().toISOString(),
      key,
    };
  }

  private liveRoot({ position, envelope }: LoggedEvent): StreamRoot {
    const { id, name, key, sequence, payload, occurredAt, topics } = envelope;
    const at = this.request.topics.findIndex((topic) => topics?.includes(topic));
    return {
      kind: 'LIVE',
      cursor: this.cursorAt(position),
      occurredAt,
      key: this.request.keys[at],
      envelope: { id, name, key, sequence, payload },
    };
  }

  private cursorAt(position: string): string {
    const { plan, topics, audience } = this.request;
    return this.deps.cursors.write(position, { field: plan.field.name, topics, subject: audience.subject });
  }

  private async contextOrRefusal(): Promise<RunContext> {
    const context = await this.contextOf();
    if (!context) throw new SubscriptionRefusedError([liveError('UNAUTHENTICATED', 'Your session has ended.')]);
    return context;
  }

  /** Anyone of the scope speaks for all of it; whoever is here longest is asked. */
  private contextOf(): Promise<RunContext | null> {
    const [first] = this.subscribers;
    return (first?.audience ?? this.request.audience).context();
  }
}

export interface Snapshot {
  position: string;
  frames: readonly Frame[];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
