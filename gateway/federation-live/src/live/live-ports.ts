import type { DocumentNode, GraphQLError, GraphQLFormattedError } from 'graphql';

/** One event as the log keeps it. `topics` are `<subscription field>:<id>` and decide who hears of it. */
export interface LoggedEvent {
  domain: string;
  /** Its place in the domain's stream: `<number>-<number>`, growing. */
  position: string;
  envelope: {
    id: string;
    name: string;
    key: string;
    sequence: number;
    occurredAt: string;
    /** W3C traceparent of what caused it. */
    trace?: string;
    topics?: readonly string[];
    payload: unknown;
  };
}

/** A kept, ordered stream of events per domain. The domain of a subscription is the name of the subgraph that owns it. */
export interface EventLog {
  /** The position of the newest event, `0-0` when there is none. */
  head(domain: string): Promise<string>;
  /** Whether older events than the oldest kept one have been there. */
  isTrimmed(domain: string): Promise<boolean>;
  /** Events after a position, oldest first. */
  read(domain: string, options: { after: string; count: number }): Promise<LoggedEvent[]>;
  follow(after: Readonly<Record<string, string>>): {
    next(waitMs: number): Promise<LoggedEvent[]>;
    close(): Promise<void>;
  };
}

/** What the owner's subscription resolver gets as its root value. */
export interface StreamRoot {
  kind: 'SNAPSHOT' | 'LIVE';
  cursor: string;
  occurredAt: string;
  key?: string;
  envelope?: Pick<LoggedEvent['envelope'], 'id' | 'name' | 'key' | 'sequence' | 'payload'>;
}

/** The facts of one run, handed to every subgraph call made for it. */
export type RunContext = Record<string, unknown>;

export interface EventRequest {
  query: string;
  variables: Record<string, unknown>;
  event: StreamRoot;
}

export interface SubgraphResult {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  /** `shows`, a `ShownEvent`: what the state of a snapshot holds already. */
  extensions?: Readonly<Record<string, unknown>>;
}

/** The newest event of a name and a key that a snapshot holds, whether or not the log has it yet. */
export interface ShownEvent {
  name: string;
  key: string;
  sequence: number;
}

export interface LiveServices {
  /** Runs one event of a subscription in the subgraph that owns it. Rejects when the subgraph cannot be reached. */
  executeEvent(service: string, request: EventRequest, context: RunContext): Promise<SubgraphResult>;
  /** Asks a subgraph for its part of the plan. A rejection is an error of the fields it leaves out. */
  fetch(
    service: string,
    request: { query: string; operationName?: string; variables: Record<string, unknown> },
    context: RunContext,
  ): Promise<{ data?: object | null; errors?: readonly GraphQLFormattedError[] }>;
}

export interface LiveOperation {
  /** Parsed and validated against the schema that clients see. */
  document: DocumentNode;
  /** The text it was parsed from. */
  text: string;
  operationName?: string;
  variables?: Readonly<Record<string, unknown>>;
}

/** On whose behalf a subscription runs. */
export interface Audience {
  /** Subscriptions of one scope may share results: nothing in them may depend on more than this. */
  scope: string;
  /** Who it is, whatever the session: cursors belong to it. */
  subject: string;
  /** The id of a topic whose field has no ID argument; without one such a field needs a signed-in user. */
  ownKey?: string;
  /** Asks again who this is now; null when they may no longer listen. */
  context(): Promise<RunContext | null>;
}

/** A result, written once for all who get it. */
export interface Frame {
  body: string;
  bytes: number;
}

/** The client's end of a subscription. */
export interface LiveSink {
  /** The client is gone. */
  readonly isClosed: boolean;
  /** Whether the client keeps up: false when what it was sent already waits to be read. Also true when it is gone. */
  readonly hasRoom: boolean;
  next(frame: Frame): void;
  /** Resolves when there is room for more, or the client is gone. */
  drained(): Promise<void>;
  /** The last thing said. Null: it ended as it should. */
  end(errors: readonly GraphQLError[] | null): void;
}

export interface LiveLogger {
  debug(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
