import { type Client, createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type LiveHouse, startLiveHouse } from './live-house.ts';

const WATCH = `subscription($roomId: ID!, $after: String) {
  temperatureChanged(roomId: $roomId, after: $after) { kind cursor celsius room { name occupants { name } } }
}`;
interface Told {
  temperatureChanged: { kind: string; cursor: string; celsius: number; room: { occupants: { name: string }[] } };
}

let house: LiveHouse;
const clients: Client[] = [];

beforeEach(async () => {
  house = await startLiveHouse({ port: 0 });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  await house.stop();
});

function watch(variables: Record<string, unknown>, query = WATCH) {
  const client = createClient({ url: house.url, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0 });
  clients.push(client);
  const told: Told['temperatureChanged'][] = [];
  let ended: unknown;
  const stop = client.subscribe<Told>(
    { query, variables },
    {
      next: ({ data }) => told.push(data!.temperatureChanged),
      error: (error) => (ended = error),
      complete: () => (ended = 'complete'),
    },
  );
  return { told, stop, ended: () => ended };
}

describe('the example', () => {
  it('streams a field of one subgraph with fields of another, to the official client', async () => {
    const { told } = watch({ roomId: 'kitchen' });
    await vi.waitFor(() => expect(told).toHaveLength(1));
    house.change('attic', 1);
    house.change('kitchen', 21.5);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    const room = { name: 'The kitchen', occupants: [{ name: 'Ada' }, { name: 'Grace' }] };
    expect(told).toEqual([
      { kind: 'SNAPSHOT', cursor: expect.any(String), celsius: 20, room },
      { kind: 'LIVE', cursor: expect.any(String), celsius: 21.5, room },
    ]);
  });

  it('resumes behind a cursor', async () => {
    const first = watch({ roomId: 'attic' });
    await vi.waitFor(() => expect(first.told).toHaveLength(1));
    first.stop();
    for (const celsius of [13, 14, 15]) house.change('attic', celsius);
    const second = watch({ roomId: 'attic', after: first.told[0]!.cursor });
    await vi.waitFor(() => expect(second.told.map(({ celsius }) => celsius)).toEqual([13, 14, 15]));
  });

  it('runs an event once for all who listen, and forgets those who stop', async () => {
    const crowd = Array.from({ length: 20 }, () => watch({ roomId: 'kitchen' }));
    await vi.waitFor(() => expect(crowd.every(({ told }) => told.length === 1)).toBe(true));
    house.change('kitchen', 22);
    await vi.waitFor(() => expect(crowd.every(({ told }) => told.length === 2)).toBe(true));
    expect(house.counts()).toMatchObject({ runs: 1, subscribers: 20 });
    for (const { stop } of crowd) stop();
    await vi.waitFor(() => expect(house.counts().subscribers).toBe(0));
  });

  it('says what is wrong with a document, a variable and a room', async () => {
    const invalid = [
      watch({}, '{'),
      watch({}, 'subscription { temperatureChanged { nope } }'),
      watch({}),
      watch({ roomId: 'cellar' }),
    ];
    await vi.waitFor(() => expect(invalid.every(({ ended }) => Array.isArray(ended()))).toBe(true));
    expect(invalid.map(({ ended }) => (ended() as { message: string }[])[0]!.message)).toEqual([
      expect.stringContaining('Syntax Error'),
      expect.stringContaining('Cannot query field "nope"'),
      expect.stringContaining('"$roomId" of required type'),
      'No such room.',
    ]);
  });
});
