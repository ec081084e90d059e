import type { ServiceFetcher } from '../executor/executor.ts';
import { shareFetches } from '../executor/share-fetches.ts';
import type { LoggedEvent, SubgraphResult } from './live-ports.ts';

/** What groups of one scope have asked on behalf of an event. */
interface Asked {
  fetch: ServiceFetcher;
  /** How it is asked: by the run that came last, whose deadline is the latest. */
  ask: ServiceFetcher;
  primaries: Map<string, Promise<SubgraphResult>>;
}

/** Answers of an event that are kept for other groups; a group beyond it asks for itself. */
const MAX_PRIMARIES = 1_000;

/**
 * One event on its way through the groups. What one group has asked of a
 * subgraph, another of the same scope need not ask again: nothing in an answer
 * may depend on more than the scope.
 */
export class EventWork {
  private readonly asked = new Map<string, Asked>();
  private isForgotten = false;

  constructor(readonly event: LoggedEvent) {}

  fetchAs(scope: string, ask: ServiceFetcher): ServiceFetcher {
    const asked = this.askedBy(scope);
    asked.ask = ask;
    return asked.fetch;
  }

  primaryAs(scope: string, key: string, ask: () => Promise<SubgraphResult>): Promise<SubgraphResult> {
    const { primaries } = this.askedBy(scope);
    const known = primaries.get(key);
    if (known) return known;
    const answer = ask();
    if (this.isForgotten || primaries.size >= MAX_PRIMARIES) return answer;
    primaries.set(key, answer);
    // An owner that could not be reached is asked again, by each group for itself.
    answer.catch(() => primaries.delete(key));
    return answer;
  }

  /** Lets go of the answers; a group that comes to the event only now asks anew. */
  forget(): void {
    this.isForgotten = true;
    this.asked.clear();
  }

  private askedBy(scope: string): Asked {
    const asked = this.asked.get(scope);
    if (asked) return asked;
    const fresh: Asked = {
      fetch: shareFetches((request) => fresh.ask(request)),
      ask: () => Promise.reject(new Error('nobody has asked yet')),
      primaries: new Map(),
    };
    if (!this.isForgotten) this.asked.set(scope, fresh);
    return fresh;
  }
}

/** Events whose answers are kept at the same time. */
const KEPT_EVENTS = 64;

/** Wraps each event for the groups it concerns, and lets go of the answers to the oldest. */
export function eventWorks(): (event: LoggedEvent) => EventWork {
  const kept: EventWork[] = [];
  let at = 0;
  return (event) => {
    const work = new EventWork(event);
    kept[at]?.forget();
    kept[at] = work;
    at = (at + 1) % KEPT_EVENTS;
    return work;
  };
}
