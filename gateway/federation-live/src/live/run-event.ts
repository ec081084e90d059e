import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { ServiceFetcher } from '../executor/executor.ts';
import type { EventWork } from './event-work.ts';
import type { LiveServices, LoggedEvent, RunContext, ShownEvent, StreamRoot, SubgraphResult } from './live-ports.ts';
import { type PayloadRoots, runPayload } from './payload-root.ts';
import { toGraphQLError } from './result-errors.ts';
import { EVENT_SERVICE } from './subscription-plan.ts';
import type { SubscriptionRequest } from './subscription-request.ts';

export interface EventRun {
  request: SubscriptionRequest;
  root: StreamRoot;
  context: RunContext;
  /** The event itself; a snapshot has none. */
  event?: LoggedEvent;
  /** What other groups have asked for this event already. */
  work?: EventWork;
}

export interface EventRunner {
  /** Runs the whole plan for one event. Rejects when the owner cannot be reached. */
  run(run: EventRun): Promise<RunOutcome>;
  /** Only asks the owner: resolves to its refusal, or null when the caller may listen. */
  ask(run: EventRun): Promise<readonly GraphQLFormattedError[] | null>;
}

export type RunOutcome =
  | { kind: 'result'; data: unknown; errors: readonly GraphQLError[]; shows?: ShownEvent }
  /** The owner says this event is not for this subscription. */
  | { kind: 'skipped' }
  /** The owner answered nothing but errors. */
  | { kind: 'refused'; errors: readonly GraphQLError[] };

/** Sees every run for an event, for instance to measure it. */
export type AroundRun = <T>(run: { event: LoggedEvent; fieldName: string }, work: () => Promise<T>) => Promise<T>;

export interface EventRunnerOptions {
  services: LiveServices;
  /** The code by which an owner's resolver drops an event. */
  skipCode: string;
  payloadRoots?: PayloadRoots;
  around?: AroundRun;
  /** A primary fetch asked of its owner, one told by the event itself, a fetch of another subgraph. */
  count(what: 'asked' | 'told' | 'fetches'): void;
}

export function eventRunner(options: EventRunnerOptions): EventRunner {
  const { services, skipCode, payloadRoots = {}, around, count } = options;

  const told = ({ request, root, event }: EventRun): SubgraphResult | null => {
    const { plan } = request;
    const rootOf = Object.hasOwn(payloadRoots, plan.field.name) ? payloadRoots[plan.field.name] : undefined;
    if (!event || !rootOf) return null;
    const value = rootFrom(rootOf, event, root);
    if (!value) return null;
    const { ownerSchema: schema, primaryDocument: document } = plan;
    const result = runPayload({
      schema: schema(),
      document,
      fieldName: plan.field.name,
      variables: request.primaryVariables,
      value,
    });
    if (result) count('told');
    return result;
  };

  const primaryOf = async (run: EventRun): Promise<SubgraphResult> => {
    const { request, root, context, work } = run;
    const { plan, primaryVariables: variables } = request;
    const ask = () => {
      count('asked');
      return services.executeEvent(plan.owner, { query: plan.primary.operation, variables, event: root }, context);
    };
    const byEvent = told(run);
    if (byEvent) return byEvent;
    if (!work) return ask();
    const key = JSON.stringify([plan.owner, plan.primary.operation, variables, root.cursor, root.key]);
    return work.primaryAs(request.audience.scope, key, ask);
  };

  const runAll = async (run: EventRun): Promise<RunOutcome> => {
    const { request, context, work } = run;
    const primary = await primaryOf(run);
    if (primary.errors?.some(({ extensions }) => extensions?.['code'] === skipCode)) return { kind: 'skipped' };
    const name = request.plan.fieldNode.alias?.value ?? request.plan.field.name;
    if (primary.errors?.length && (primary.data?.[name] ?? null) === null) {
      return { kind: 'refused', errors: primary.errors.map(toGraphQLError) };
    }
    const ofOthers: ServiceFetcher = ({ service, ...fetch }) => {
      count('fetches');
      return services.fetch(service, fetch, context);
    };
    const fetchOthers = work ? work.fetchAs(request.audience.scope, ofOthers) : ofOthers;
    const { data, errors = [] } = await request.plan.compiled.run({
      variables: request.variables,
      fetch: (fetch) => (fetch.service === EVENT_SERVICE ? Promise.resolve(primary) : fetchOthers(fetch)),
    });
    return { kind: 'result', data, errors, shows: shownBy(primary) };
  };

  return {
    run(run) {
      const { event, request } = run;
      if (!around || !event) return runAll(run);
      return around({ event, fieldName: request.plan.field.name }, () => runAll(run));
    },

    async ask(run) {
      const { data, errors } = await primaryOf(run);
      const { plan } = run.request;
      const name = plan.fieldNode.alias?.value ?? plan.field.name;
      return errors?.length && (data?.[name] ?? null) === null ? errors : null;
    },
  };
}

function shownBy({ extensions }: SubgraphResult): ShownEvent | undefined {
  const { name, key, sequence } = (extensions?.['shows'] ?? {}) as Partial<ShownEvent>;
  if (typeof name !== 'string' || typeof key !== 'string' || typeof sequence !== 'number') return undefined;
  return { name, key, sequence };
}

/** A payload that its reader cannot make sense of is left to the owner. */
function rootFrom(rootOf: PayloadRoots[string], event: LoggedEvent, root: StreamRoot): Record<string, unknown> | null {
  try {
    return rootOf(event, root);
  } catch {
    return null;
  }
}
