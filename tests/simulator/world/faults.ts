import type { Random } from './random.ts';

/** How a schedule ill-treats the system: chances per occasion. Each schedule draws its own, many of them nothing. */
export interface Faults {
  /** A process dies where it waits. */
  crash: number;
  /** A process stands still for seconds where it waits. */
  stall: number;
  /** A connection to a database breaks; of a commit nobody then knows what it did. */
  database: number;
  /** A request, or the answer to it, is lost between services. */
  lostCall: number;
  /** A request between services is carried out twice. */
  doubleCall: number;
  /** The provider does not answer, before or after it did what it was asked. */
  provider: number;
  /** The provider refuses a capture of what it holds. */
  refusedCapture: number;
  /** The event bus cannot be reached. */
  bus: number;
  /** An event is handed out again, to another member, while it is being handled. */
  redelivery: number;
  /** The counter in front of the stock is away, or has forgotten everything. */
  counter: number;
  /** How far the clocks of processes are apart, at most. */
  skewMs: number;
}

export const NO_FAULTS: Faults = {
  crash: 0,
  stall: 0,
  database: 0,
  lostCall: 0,
  doubleCall: 0,
  provider: 0,
  refusedCapture: 0,
  bus: 0,
  redelivery: 0,
  counter: 0,
  skewMs: 0,
};

/** Of each kind often nothing, sometimes much: schedules that all look alike find the same things. */
export function drawFaults(random: Random): Faults {
  const some = (low: number, high: number) => (random.chance(0.45) ? random.between(low, high) : 0);
  return {
    crash: some(0.0005, 0.006),
    stall: some(0.0005, 0.004),
    database: some(0.0005, 0.006),
    lostCall: some(0.01, 0.2),
    doubleCall: some(0.02, 0.3),
    provider: some(0.02, 0.3),
    refusedCapture: some(0.1, 0.6),
    bus: some(0.02, 0.3),
    redelivery: some(0.02, 0.3),
    counter: some(0.02, 0.3),
    skewMs: some(50, 400),
  };
}
