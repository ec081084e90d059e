import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from 'cockatiel';
import type { FetchSubgraph } from './fetch.ts';

export type Circuit = 'closed' | 'half-open' | 'open';

export interface CircuitLimits {
  /** So many fetches in a row that found nobody there open the circuit. */
  failures: number;
  /** How long it stays open before one fetch tries again. */
  openMs: number;
  /** A fetch that was given less time than this says nothing about the subgraph by being late. */
  fairTimeMs: number;
}

/** Three fetches that time out after three seconds each are within the ten seconds in which a circuit has to open. */
export const defaultCircuitLimits: CircuitLimits = { failures: 3, openMs: 2_000, fairTimeMs: 1_000 };

export interface CircuitBreakers {
  /** The same fetch, which rejects at once while the circuit of its subgraph is open. */
  around(fetch: FetchSubgraph): FetchSubgraph;
  states(): Readonly<Record<string, Circuit>>;
  /** The same for a gauge: 0 closed, 1 half open, 2 open. */
  levels(): [labels: [subgraph: string], level: number][];
}

const NAMES: Readonly<Record<CircuitState, Circuit>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

const LEVELS: readonly Circuit[] = ['closed', 'half-open', 'open'];

/**
 * One circuit per subgraph. Only being away counts: refused connections,
 * silence, a proxy with nobody behind it. A subgraph that answers is there,
 * whatever it says. After a pause one fetch is the probe; nobody waits for it.
 */
export function createCircuitBreakers(options: {
  log: Logger;
  limits?: Partial<CircuitLimits>;
  /** This process is behind with its own work: that an answer was not read in time says nothing about who gave it. */
  isLate?(): boolean;
  onChange?(subgraph: string, state: Circuit): void;
}): CircuitBreakers {
  const { log, onChange, isLate = () => false } = options;
  const { failures, openMs, fairTimeMs } = { ...defaultCircuitLimits, ...options.limits };
  const circuits = new Map<string, CircuitBreakerPolicy>();

  const circuitOf = (subgraph: string): CircuitBreakerPolicy => {
    let circuit = circuits.get(subgraph);
    if (!circuit) {
      circuit = circuitBreaker(handleWhen(isAway), {
        halfOpenAfter: openMs,
        breaker: new ConsecutiveBreaker(failures),
      });
      circuit.onStateChange((state) => {
        if (state === CircuitState.Open) log.warn({ subgraph }, 'circuit opened');
        if (state === CircuitState.Closed) log.info({ subgraph }, 'circuit closed');
        onChange?.(subgraph, NAMES[state]);
      });
      circuits.set(subgraph, circuit);
    }
    return circuit;
  };

  return {
    around: (fetch) => async (service, request, context) => {
      const circuit = circuitOf(service);
      // The policy would let others wait for the outcome of the probe: three seconds when nobody answers it.
      if (circuit.state === CircuitState.HalfOpen) throw new SubgraphUnavailableError(service, 'circuit-open');
      const hurried = context.deadlineAt - Date.now() < fairTimeMs;
      try {
        return await circuit.execute(() => {
          return fetch(service, request, context).catch((error: unknown) => {
            throw isTimeout(error) && (hurried || isLate()) ? new UnfairError('', { cause: error }) : error;
          });
        });
      } catch (error) {
        if (error instanceof BrokenCircuitError) {
          throw new SubgraphUnavailableError(service, 'circuit-open', { cause: circuit.lastFailure });
        }
        throw error instanceof UnfairError ? error.cause : error;
      }
    },
    states: () => Object.fromEntries([...circuits].map(([subgraph, { state }]) => [subgraph, NAMES[state]])),
    levels: () => [...circuits].map(([subgraph, { state }]) => [[subgraph], LEVELS.indexOf(NAMES[state])]),
  };
}

/**
 * `refused` is an answer: somebody is there and does not like the request. A
 * copy that dies takes all its calls with it in one moment, which says
 * nothing about the copies that go on.
 */
function isAway(error: unknown): boolean {
  return error instanceof SubgraphUnavailableError && error.reason !== 'refused' && !error.isServed;
}

/** Too late, and not by any fault of the subgraph; not counted. */
class UnfairError extends Error {}

function isTimeout(error: unknown): boolean {
  return error instanceof SubgraphUnavailableError && error.reason === 'timeout';
}
