import type { GraphQLError } from 'graphql';
import { ChangeQueue } from './change-queue.ts';
import type { CursorCodec } from './cursor.ts';
import type { EventWork } from './event-work.ts';
import { JointWork } from './joint-work.ts';
import { liveError, SubscriptionRefusedError } from './live-error.ts';
import type { EventLog, Frame, LiveLogger, LoggedEvent, RunContext, ShownEvent } from './live-ports.ts';
import { ORIGIN } from './position.ts';
import type { EventRunner, RunOutcome } from './run-event.ts';
import { liveRoot, snapshotRoot } from './stream-root.ts';
import type { Change, Subscriber } from './subscriber.ts';
import type { SubscriptionRequest } from './subscription-request.ts';

export interface GroupDeps {
  log: EventLog;
  logger: LiveLogger;
  runner: EventRunner;
  cursors: CursorCodec;
  toFrame(data: unknown, errors: readonly GraphQLError[], context: RunContext): Frame;
  now(): Date;
  /** The field tells states: of events that wait, only the latest of each key is of interest. */
  coalesces(fieldName: string): boolean;
  limits: GroupLimits;
  count(what: 'runs' | 'snapshots' | 'skipped' | 'failed'): void;
}

export interface GroupLimits {
  /** Events of one group that run at the same time; they are delivered in order all the same. */
  concurrentRuns: number;
  /** Events of one group that wait, where only the latest of each key counts: keys. Beyond it the group cannot keep up, and its clients have to resume. */
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

/** Results kept for clients that catch up at the same time. */
const MAX_REPLAYED = 200;
/** Clients that are handed a result in one go, before others of the process get their turn. */
const DELIVERED_AT_ONCE = 1_000;

type Outcome = { frame: Frame } | { end: readonly GraphQLError[] } | null;

/**
 * Identical subscriptions. Every event runs once and is written once, whatever
 * the number of subscribers. Results leave in the order of the log.
 */
export class Group {
  readonly subscribers = new Set<Subscriber>();
  /** Clients whose replay is under way; they join when it has caught up. */
  private expected = 0;
  readonly latestOnly: boolean;
  private readonly waiting: ChangeQueue<EventWork>;
  private readonly running: { event: LoggedEvent; outcome: Promise<Outcome> }[] = [];
  private delivering = false;
  private readonly snapshots = new JointWork(() => this.takeSnapshot());
  private readonly authorisations = new JointWork(() => this.askOwner());
  private readonly replayed = new Map<string, Promise<Outcome>>();

  private currentRequest: SubscriptionRequest;
  private refusal: readonly GraphQLError[] | undefined;

  constructor(
    request: SubscriptionRequest,
    private readonly deps: GroupDeps,
  ) {
    this.currentRequest = request;
    this.latestOnly = deps.coalesces(request.plan.field.name);
    this.waiting = new ChangeQueue(this.latestOnly);
  }

  get request(): SubscriptionRequest {
    return this.currentRequest;
  }

  get isDeserted(): boolean {
    return this.subscribers.size === 0 && this.expected === 0;
  }

  /** The same subscription, planned with another supergraph. What is running ends as it began. */
  adopt(request: SubscriptionRequest): void {
    this.currentRequest = request;
  }

  /** Nobody may listen any more, not even who is on the way in. */
  refuse(errors: readonly GraphQLError[]): void {
    this.refusal = errors;
    this.end(errors);
  }

  assertOpen(): void {
    if (this.refusal) throw new SubscriptionRefusedError(this.refusal);
  }

  /** An event of one of the group's topics. */
  enqueue(work: EventWork): void {
    if (this.subscribers.size === 0) return;
    this.waiting.push(work.event.envelope.key, work);
    if (this.waiting.size > this.deps.limits.waitingEvents) {
      this.waiting.clear();
      this.end([liveError('SLOW_CONSUMER', 'More happens than can be delivered. Resume with your last cursor.')]);
      return;
    }
    this.startRuns();
  }

  /**
   * The state now, and the position it is at least as new as. Taken once for
   * all who ask at the same time, and never older than their registration.
   */
  snapshot(): Promise<Snapshot> {
    return this.snapshots.run();
  }

  private async takeSnapshot(): Promise<Snapshot> {
    const { deps } = this;
    const position = await deps.log.head(this.request.plan.owner);
    const context = await this.contextOrRefusal();
    const frames: Frame[] = [];
    const shown: ShownEvent[] = [];
    for (const key of this.request.keys) {
      deps.count('snapshots');
      const root = snapshotRoot(this.request, { position, key, cursors: deps.cursors, now: deps.now });
      const outcome = await deps.runner.run({ request: this.request, root, context });
      if (outcome.kind === 'refused') throw new SubscriptionRefusedError(outcome.errors);
      if (outcome.kind !== 'result') continue;
      frames.push(deps.toFrame(outcome.data, outcome.errors, context));
      if (outcome.shows) shown.push(outcome.shows);
    }
    return { position, frames, shown };
  }

  /** Asks the owner whether the caller may still listen; rejects when not. */
  authorise(): Promise<void> {
    return this.authorisations.run();
  }

  private async askOwner(): Promise<void> {
    const context = await this.contextOrRefusal();
    for (const key of this.request.keys) {
      const root = snapshotRoot(this.request, {
        position: ORIGIN,
        key,
        cursors: this.deps.cursors,
        now: this.deps.now,
      });
      const refusal = await this.deps.runner.ask({ request: this.request, root, context });
      if (refusal) throw new SubscriptionRefusedError(refusal as readonly GraphQLError[]);
    }
  }

  /** One event, tried again while its owner is away. Null: nothing to send. */
  async runEvent(event: LoggedEvent, work?: EventWork): Promise<Outcome> {
    const { deps } = this;
    for (let attempt = 1; ; attempt += 1) {
      const { request } = this;
      if (this.refusal) return { end: this.refusal };
      const context = await this.contextOf();
      if (!context) return { end: [liveError('UNAUTHENTICATED', 'Your session has ended.')] };
      try {
        deps.count('runs');
        return this.outcomeOf(
          await deps.runner.run({ request, root: liveRoot(request, event, deps.cursors), context, event, work }),
          context,
        );
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

  /** Nobody may close the group while a client is on its way into it. */
  expect(): void {
    this.expected += 1;
  }

  expectNoMore(): void {
    this.expected -= 1;
    if (this.expected === 0) this.replayed.clear();
  }

  /** For a client that catches up. Others that do so at the same time are told the same. */
  replayEvent(event: LoggedEvent): Promise<Outcome> {
    const { position } = event;
    let outcome = this.replayed.get(position);
    if (!outcome) {
      outcome = this.runEvent(event);
      this.replayed.set(position, outcome);
      if (this.replayed.size > MAX_REPLAYED) this.replayed.delete(this.replayed.keys().next().value!);
      const forget = () => this.replayed.delete(position);
      // What went wrong may go well for the next.
      outcome.then((result) => result && 'end' in result && forget(), forget);
    }
    return outcome;
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
      const work = this.waiting.shift();
      if (!work) break;
      this.running.push({ event: work.event, outcome: this.runEvent(work.event, work) });
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
        const { position, envelope } = run.event;
        const { name, key, sequence } = envelope;
        await this.handOut({ position, name, key, sequence, frame: outcome.frame });
      } else if (outcome) this.end(outcome.end);
    }
    this.delivering = false;
  }

  /** To everyone who is here. Who comes in the middle of it has the event in the snapshot, and drops it. */
  private async handOut(change: Change): Promise<void> {
    let delivered = 0;
    for (const subscriber of this.subscribers) {
      subscriber.offer(change);
      delivered += 1;
      if (delivered % DELIVERED_AT_ONCE === 0) await turn();
    }
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
  /** What the state holds of events that the log may get only behind the position. */
  shown: readonly ShownEvent[];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** Lets the process do what else there is to do. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
