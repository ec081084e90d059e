import type { Supergraph } from '@apollo/federation-internals';
import type { LoggedEvent } from '@marketgraph/federation-live';
import type { Viewer } from '@marketgraph/platform/graphql';
import { type FetchSubgraph, isMutation } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts';
import { noteLookUps } from './cache-counts.ts';
import { createEntityStore } from './entity-store.ts';
import { createOwnChanges, type Unaffected } from './own-changes.ts';
import { createKeptAnswers, type KeptAnswers, noKeptAnswers } from './kept-answers.ts';
import { fetchShapes } from './fetch-shape.ts';
import { idLikes } from './kept-json.ts';
import { fetchEntities, fetchWhole } from './kept-fetch.ts';

export interface EntityCache {
  /** Answers what is kept, asks for the rest, and keeps what is public of it. */
  over(fetch: FetchSubgraph): FetchSubgraph;
  /** Whole answers made of what is kept. */
  readonly answers: KeptAnswers;
  /** Something has changed at its owner: what it said before of the ids in the event is dropped. */
  onEvent(event: LoggedEvent): void;
  /** Other types, other fields that are public. */
  replaceSupergraph(supergraph: Supergraph): void;
  counts(): { entries: number; bytes: number };
  stop(): void;
}

export interface EntityCacheOptions {
  supergraph: Supergraph;
  /** 0: nothing is kept. */
  maxBytes: number;
  /** Whether news of changes arrives. While it does not, nothing is answered from here. */
  isCurrent(): boolean;
  /** Milliseconds that only grow. */
  now?(): number;
  /**
   * Of some subgraphs: whose mutations change nothing that it says publicly and that who ran them could miss. Without a
   * word on it, anybody's mutation may have changed what anybody says.
   */
  unaffected?: Unaffected;
  metrics: Pick<GatewayMetrics, 'cacheRequests' | 'cacheInvalidations' | 'gauge'>;
}

/** An event that names more than this may be about anything of its domain. */
const MAX_IDS_PER_EVENT = 1_000;
const CHECK_MS = 500;
/**
 * Keeps what subgraphs say of public things, per entity and selection.
 *
 * Nobody sees another's data: what is kept has been asked for as nobody in
 * particular, so it is what everybody may see. What nobody may see is asked for
 * again as the viewer, and not kept. Viewers who may see more of public things
 * (those who sell, and staff) are not answered from here at all.
 */
export function createEntityCache(options: EntityCacheOptions): EntityCache {
  const { isCurrent, metrics } = options;
  if (options.maxBytes === 0) return noCache;
  const store = createEntityStore(options);
  const note = noteLookUps(metrics.cacheRequests);
  const ownChanges = createOwnChanges(options.unaffected);
  let shapes = fetchShapes(options.supergraph);

  // What was kept before news stopped may be old by the time it is back.
  let wasCurrent = true;
  const checkCurrent = (): boolean => {
    const current = isCurrent();
    if (wasCurrent && !current) store.clear();
    wasCurrent = current;
    return current;
  };
  let checking: NodeJS.Timeout | undefined;
  metrics.gauge('entity_cache_entries', () => store.entries);
  metrics.gauge('entity_cache_bytes', () => store.bytes);

  /** Of one subgraph, or of any. */
  const mayUse = (context: GraphContext, service?: string): boolean => {
    checking ??= setInterval(checkCurrent, CHECK_MS).unref();
    return checkCurrent() && seesWhatAllSee(context.viewer) && !ownChanges.concern(context, service);
  };

  const answers = createKeptAnswers({
    ...{ store, maxBytes: options.maxBytes, note },
    mayUse: (context) => mayUse(context),
  });

  return {
    answers,
    over(fetch) {
      const parts = { store, fetch, note };
      const change: FetchSubgraph = async (service, request, context) => {
        context.cacheUse?.changed.add(service);
        note(service, context, 'bypass', 1);
        try {
          return await fetch(service, request, context);
        } finally {
          ownChanges.note(context.viewer, service);
        }
      };
      const ask: FetchSubgraph = async (service, request, context) => {
        note(service, context, 'bypass', 1);
        const answer = await fetch(service, request, context);
        context.cacheUse?.asked.push({ service, request, answer });
        return answer;
      };
      return (service, request, context) => {
        if (isMutation(request.query)) return change(service, request, context);
        const shape = mayUse(context, service) ? shapes.of(request.query) : null;
        if (!shape) return ask(service, request, context);
        const target = { shape, service, request, context };
        return shape.representations === null ? fetchWhole(parts, target) : fetchEntities(parts, target);
      };
    },
    onEvent({ domain, envelope: { key, topics = [], payload } }) {
      const subjects = topics.map((topic) => topic.slice(topic.indexOf(':') + 1));
      const ids = isAboutEverything(payload) ? null : idLikes([key, subjects, payload], MAX_IDS_PER_EVENT);
      metrics.cacheInvalidations.inc(store.invalidate(domain, ids));
    },
    replaceSupergraph(supergraph) {
      shapes = fetchShapes(supergraph);
      store.clear();
      answers.clear();
    },
    counts: () => ({ entries: store.entries, bytes: store.bytes }),
    stop() {
      clearInterval(checking);
      store.clear();
      answers.clear();
    },
  };
}

/** An event whose payload says `everything` has more to name than it can. */
function isAboutEverything(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'everything' in payload && payload.everything === true;
}

const noCache: EntityCache = {
  answers: noKeptAnswers,
  over: (fetch) => fetch,
  onEvent: () => undefined,
  replaceSupergraph: () => undefined,
  counts: () => ({ entries: 0, bytes: 0 }),
  stop: () => undefined,
};

const ORDINARY_ROLES: ReadonlySet<string> = new Set(['BUYER']);

/** Who sells or works here may see more of a public thing than others do, such as offers that are paused. */
function seesWhatAllSee(viewer: Viewer): boolean {
  if (viewer.kind === 'anonymous') return true;
  return (
    viewer.kind === 'user' && viewer.memberships.length === 0 && viewer.roles.every((role) => ORDINARY_ROLES.has(role))
  );
}
