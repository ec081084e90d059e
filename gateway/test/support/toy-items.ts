import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import type { LoggedEvent } from '@marketgraph/federation-live';
import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { aUser } from '@marketgraph/platform/testing';
import { parse } from 'graphql';
import type { FetchSubgraph, SubgraphAnswer, SubgraphFetch } from '../../src/query/fetch.ts';
import { type GraphContext, graphContext } from '../../src/query/graph-context.ts';
import { cacheOutcome, noteCacheUse } from '../../src/cache/cache-use.ts';
import { createEntityCache, type EntityCache } from '../../src/cache/entity-cache.ts';
import type { Unaffected } from '../../src/cache/own-changes.ts';
import { createGatewayMetrics } from '../../src/telemetry/gateway-metrics.ts';

const sdl = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@composeDirective"])
  @link(url: "https://marketgraph.example/gateway/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
  directive @cacheControl(maxAge: Int!) on OBJECT | FIELD_DEFINITION
  type Item @key(fields: "id") { id: ID! title: String @cacheControl(maxAge: 60) seenBy: String }
  type Query { item(id: ID, slug: String): Item @cacheControl(maxAge: 60) }
  type Mutation { touch: Boolean }`;

export const itemsSupergraph = (): Supergraph => {
  const { supergraphSdl, errors } = composeServices([{ name: 'items', typeDefs: parse(sdl), url: '' }]);
  if (!supergraphSdl) throw new Error(String(errors));
  return Supergraph.build(supergraphSdl, { supportedFeatures: null });
};

export interface Item {
  version: number;
  /** Null: everybody sees it. */
  draftOf: string | null;
}

export const ENTITIES =
  'query($representations:[_Any!]!){_entities(representations:$representations){...on Item{title}}}';
export const BY_ID = 'query($id:ID){item(id:$id){title}}';
export const BY_SLUG = 'query($slug:String){item(slug:$slug){title}}';
export const SEEN_BY = 'query($id:ID){item(id:$id){title seenBy}}';
export const CHANGE = 'mutation{touch}';

export type Question = (viewer: Viewer, request: SubgraphFetch) => Promise<SubgraphAnswer & { xCache: string }>;

/** One subgraph of items that have versions, some of them drafts, behind an entity cache. */
export class ToyItems {
  readonly items = new Map<string, Item>();
  readonly asked: { viewer: Viewer; request: SubgraphFetch }[] = [];
  current = true;
  /** Milliseconds. */
  now = 1;
  /** Instead of the answer. */
  answerWith: SubgraphAnswer | undefined;
  readonly cache: EntityCache;
  /** Before the items are read, and once more before the answer is handed out. */
  private readonly onTheWay: () => Promise<void>;
  private readonly fetch: FetchSubgraph;

  constructor({
    supergraph,
    onTheWay = async () => undefined,
    maxBytes = 1024 * 1024,
    unaffected,
  }: {
    supergraph: Supergraph;
    onTheWay?: () => Promise<void>;
    maxBytes?: number;
    unaffected?: Unaffected;
  }) {
    this.onTheWay = onTheWay;
    this.cache = createEntityCache({
      supergraph,
      maxBytes,
      isCurrent: () => this.current,
      now: () => this.now,
      metrics: createGatewayMetrics(),
      ...(unaffected ? { unaffected } : {}),
    });
    this.fetch = this.cache.over((_service, request, context) => this.answer(request, context));
  }

  readonly ask: Question = async (viewer, request) => {
    const context = noteCacheUse(graphContext({ viewer, timeoutMs: 1_000 }));
    const answer = await this.fetch('items', request, context);
    return { ...answer, xCache: cacheOutcome(context) };
  };

  /** A mutation of another subgraph, and what is read of the items in the same operation. */
  async changeElsewhere(viewer: Viewer, service: string, ...ids: string[]) {
    const context = noteCacheUse(graphContext({ viewer, timeoutMs: 1_000 }));
    await this.fetch(service, { query: CHANGE, variables: {} }, context);
    const representations = ids.map((id) => ({ __typename: 'Item', id }));
    const answer = await this.fetch('items', { query: ENTITIES, variables: { representations } }, context);
    return { ...answer, xCache: cacheOutcome(context) };
  }

  entities(viewer: Viewer, ...ids: string[]) {
    const representations = ids.map((id) => ({ __typename: 'Item', id }));
    return this.ask(viewer, { query: ENTITIES, variables: { representations } });
  }

  /** What the owner of the items says when one of them has changed. */
  tell(id: string, payload: unknown = { itemId: id }): void {
    this.cache.onEvent(eventOf(id, payload));
  }

  private async answer(request: SubgraphFetch, { viewer }: GraphContext): Promise<SubgraphAnswer> {
    this.asked.push({ viewer, request });
    await this.onTheWay();
    const answer = this.answerWith ?? this.read(request, viewer);
    await this.onTheWay();
    return answer;
  }

  private read({ query, variables }: SubgraphFetch, viewer: Viewer): SubgraphAnswer {
    const seenBy = viewer.kind === 'user' ? viewer.userId : viewer.kind;
    const itemOf = (id: unknown) => {
      const item = this.items.get(String(id));
      if (!item || (item.draftOf !== null && item.draftOf !== seenBy)) return null;
      const owner = item.draftOf === null ? 'all' : item.draftOf;
      return { title: `${String(id)} ${item.version} ${owner}`, ...(query === SEEN_BY ? { seenBy } : {}) };
    };
    if (query === CHANGE) return { data: { touch: true } };
    if (query !== ENTITIES) return { data: { item: itemOf(variables['id'] ?? variables['slug']) } };
    const representations = variables['representations'] as { id: string }[];
    return { data: { _entities: representations.map(({ id }) => itemOf(id)) } };
  }
}

export function eventOf(key: string, payload: unknown, domain = 'items'): LoggedEvent {
  const occurredAt = '2026-01-01T00:00:00.000Z';
  return {
    domain,
    position: '1-0',
    envelope: { id: 'e', name: 'items.changed', key, sequence: 1, occurredAt, payload },
  };
}

export const buyer = (userId: string): Viewer => aUser({ userId });
export const nobody: Viewer = anonymous;
