import { randomBytes } from 'node:crypto';
import { createLiveGraph } from '../src/federation-live.ts';
import { memoryLog } from '../testing/memory-log.ts';
import { startSocketServer } from './socket-server.ts';
import { house } from './subgraphs.ts';

export interface LiveHouse {
  /** Where clients connect. */
  url: string;
  /** A room has another temperature: its owner saves it, then says so. */
  change(roomId: string, celsius: number): void;
  counts(): { runs: number; subscribers: number };
  stop(): Promise<void>;
}

/** Two subgraphs, a log in memory, and a WebSocket server: all that subscriptions of a federated graph take. */
export async function startLiveHouse({ port }: { port: number }): Promise<LiveHouse> {
  const { supergraph, services, celsius } = house();
  // In earnest this is a stream of Redis, Kafka or NATS, so that events outlive the process and reach all gateways.
  const log = memoryLog();
  const live = createLiveGraph({
    supergraph,
    services,
    log,
    cursorSecret: randomBytes(32).toString('hex'),
    logger: { debug: () => undefined, warn: console.warn, error: console.error },
    // Of a temperature only the latest matters to a client that is slow.
    coalesces: (fieldName) => fieldName === 'temperatureChanged',
  });
  await live.start();
  const server = await startSocketServer(live, port);
  return {
    url: server.url,
    change(roomId, degrees) {
      celsius.set(roomId, degrees);
      log.publish('rooms', [`temperatureChanged:${roomId}`], { celsius: degrees });
    },
    counts: () => live.counts(),
    async stop() {
      await live.stop();
      await server.stop();
    },
  };
}
