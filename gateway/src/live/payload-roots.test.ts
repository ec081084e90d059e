import { Supergraph } from '@apollo/federation-internals';
import { createLiveGraph, type LiveGraph, type LoggedEvent } from '@marketgraph/federation-live';
import { stockChanged } from '@marketgraph/schema/events/inventory';
import { parse } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSupergraph } from '../supergraph-file.ts';
import { payloadRoots } from './payload-roots.ts';

const supergraph = Supergraph.build(await readSupergraph(), { supportedFeatures: null, validateSupergraph: false });
const quiet = { debug: () => undefined, warn: () => undefined, error: () => undefined };
const { offerId } = stockChanged.sample;

/** What the owner answered, as far as it was asked. */
let asked: string[];
let publish: (event: LoggedEvent) => void;
let live: LiveGraph;

beforeEach(async () => {
  asked = [];
  let waiting: ((events: LoggedEvent[]) => void) | undefined;
  publish = (event) => waiting?.([event]);
  live = createLiveGraph({
    supergraph,
    payloadRoots,
    logger: quiet,
    cursorSecret: 'a secret of the tests',
    services: {
      async executeEvent(service, { event }) {
        asked.push(`${service} ${event.kind}`);
        return { data: { stockChanged: { available: -1 } } };
      },
      fetch: async () => ({ data: null }),
    },
    log: {
      head: async () => '1-0',
      isTrimmed: async () => false,
      read: async () => [],
      follow: () => ({
        next: () => new Promise((resolve) => (waiting = resolve)),
        close: async () => waiting?.([]),
      }),
    },
  });
  await live.start();
});
afterEach(() => live.stop());

const eventOf = (name: string, payload: unknown): LoggedEvent => ({
  domain: 'inventory',
  position: '2-0',
  envelope: {
    id: 'evt_1',
    name,
    key: offerId,
    sequence: 1,
    occurredAt: '2026-01-02T03:04:05Z',
    topics: [`stockChanged:${offerId}`],
    payload,
  },
});

async function watch(selection: string) {
  const text = `subscription { stockChanged(offerIds: ["${offerId}"]) { ${selection} } }`;
  const bodies: string[] = [];
  await live.subscribe(
    { document: parse(text), text },
    { scope: 'anonymous', subject: 'anonymous', context: async () => ({}) },
    {
      isClosed: false,
      hasRoom: true,
      next: ({ body }) => bodies.push(body),
      drained: async () => undefined,
      end: () => undefined,
    },
  );
  return { last: () => JSON.parse(bodies.at(-1)!) as unknown, count: () => bodies.length };
}

describe('a change of stock', () => {
  it('is told to anyone without asking inventory', async () => {
    const stream = await watch('__typename kind occurredAt offer { id __typename } available previousAvailable reason');
    publish(eventOf(stockChanged.name, stockChanged.sample));
    await vi.waitFor(() => expect(stream.count()).toBe(2));
    const { available, previousAvailable, reason } = stockChanged.sample;
    expect(stream.last()).toEqual({
      data: {
        stockChanged: {
          __typename: 'StockChangedEvent',
          kind: 'LIVE',
          occurredAt: '2026-01-02T03:04:05.000Z',
          offer: { id: offerId, __typename: 'Offer' },
          available,
          previousAvailable,
          reason,
        },
      },
    });
    expect(asked).toEqual(['inventory SNAPSHOT']);
  });

  it.each([
    ['of which the warehouse is selected', 'available warehouse { id }', stockChanged.name, stockChanged.sample],
    ['that lacks what is selected', 'available', stockChanged.name, { offerId }],
    ['told by another event', 'available', 'inventory.stockForgotten', stockChanged.sample],
  ])('%s is asked of inventory', async (_, selection, name, payload) => {
    const stream = await watch(selection);
    publish(eventOf(name, payload));
    await vi.waitFor(() => expect(stream.count()).toBe(2));
    expect(stream.last()).toMatchObject({ data: { stockChanged: { available: -1 } } });
    expect(asked).toEqual(['inventory SNAPSHOT', 'inventory LIVE']);
  });
});
