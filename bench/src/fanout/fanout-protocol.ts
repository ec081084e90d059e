/** What the benchmark and its processes full of clients say to each other. */

export interface OpenSockets {
  kind: 'open';
  /** The name of this lot of sockets. */
  set: string;
  url: string;
  count: number;
  /** Absent: the server speaks without being asked. */
  subscription?: {
    query: string;
    /** Every list begins with this offer… */
    offerId: string;
    /** …and goes on with one that no other client has, numbered from here. */
    distinctFrom?: number;
  };
}

export interface AwaitEvent {
  kind: 'await';
  set: string;
  /** Events are numbered from 1 per lot; the number is what is `available`. */
  event: number;
  /** When it was sent: microseconds of the machine's own clock. */
  sentAtUs: number;
}

export interface CloseSockets {
  kind: 'close';
  set: string;
}

export type ClientQuestion = OpenSockets | AwaitEvent | CloseSockets;

/** Every client of the lot has had the event once, after the one before it. */
export interface EventSeen {
  latenciesUs: number[];
  /** One message as it came, for the bare server to send the same and for a look at it. */
  message: string;
}

/** The same on all processes of a machine. */
export function machineClockUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
