import {
  ShopFloorOrdersDocument,
  type ShopFloorOrdersSubscription,
  ShopFloorStockDocument,
  type ShopFloorStockSubscription,
} from '@marketgraph/schema/generated/operations';
import { print } from 'graphql';
import { type Client, createClient } from 'graphql-ws/client';
import { retryDelayMs } from './retry-delay.ts';

export type OrderEvent = ShopFloorOrdersSubscription['vendorOrderFeed'];
export type StockEvent = ShopFloorStockSubscription['vendorStockFeed'];
export type FeedsState = 'connecting' | 'live' | 'reconnecting';

export interface FeedsPort {
  vendorId: string;
  accessToken(): Promise<string>;
  onOrder(event: OrderEvent): void;
  onStock(event: StockEvent): void;
  /** A feed began anew: whatever was shown before may be old. */
  onSnapshot(): void;
  onState(state: FeedsState): void;
  /** The server ended the session, or takes this token no longer. */
  onSessionRefused(): void;
  /** The viewer may not, and no other attempt will change that. */
  onForbidden(message: string): void;
}

/** A connection that says nothing for so long, not even to a ping, is given up. */
const PING_MS = 10_000;
const PONG_MS = 5_000;
const ACK_MS = 10_000;
const FORBIDDEN_CLOSE = 4403;

interface Feed {
  name: 'orders' | 'stock';
  query: string;
  /** Of the newest event that was shown: the stream goes on behind it. */
  cursor: string | undefined;
  next(data: unknown): void;
}

/**
 * Both streams of one vendor over one socket, kept up. A socket that ends is followed by another that resumes behind the
 * last cursors; a cursor that is no longer good is dropped, and the feed begins again with a snapshot.
 */
export class Feeds {
  readonly #feeds: readonly Feed[];
  #client: Client | undefined;
  #failures = 0;
  #isStopped = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly port: FeedsPort) {
    this.#feeds = [
      {
        name: 'orders',
        query: print(ShopFloorOrdersDocument),
        cursor: undefined,
        next: (data) => {
          const event = (data as ShopFloorOrdersSubscription).vendorOrderFeed;
          this.#take(this.#feeds[0]!, event);
          port.onOrder(event);
        },
      },
      {
        name: 'stock',
        query: print(ShopFloorStockDocument),
        cursor: undefined,
        next: (data) => {
          const event = (data as ShopFloorStockSubscription).vendorStockFeed;
          this.#take(this.#feeds[1]!, event);
          port.onStock(event);
        },
      },
    ];
  }

  start(): void {
    this.port.onState('connecting');
    this.#open();
  }

  /** Another socket, now: there is a new token, or the network is back. */
  restart(): void {
    if (this.#isStopped) return;
    this.#failures = 0;
    this.#open();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    this.#close();
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#close();
    let pongTimer: ReturnType<typeof setTimeout> | undefined;
    const client = createClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
      connectionParams: async () => ({ authorization: `Bearer ${await this.port.accessToken()}` }),
      // The library would subscribe again with the cursors of the beginning.
      retryAttempts: 0,
      keepAlive: PING_MS,
      connectionAckWaitTimeout: ACK_MS,
      on: {
        connected: () => {
          if (client === this.#client) this.port.onState('live');
        },
        ping: (received) => {
          if (received) return;
          clearTimeout(pongTimer);
          pongTimer = setTimeout(() => client.terminate(), PONG_MS);
        },
        pong: () => clearTimeout(pongTimer),
        closed: () => clearTimeout(pongTimer),
      },
    });
    this.#client = client;
    for (const feed of this.#feeds) this.#subscribe(client, feed);
  }

  #subscribe(client: Client, feed: Feed): void {
    const variables = { vendorId: this.port.vendorId, after: feed.cursor ?? null };
    const isCurrent = () => client === this.#client;
    client.subscribe(
      { query: feed.query, variables },
      {
        next: ({ data, errors }) => {
          if (!isCurrent()) return;
          if (data) feed.next(data);
          else if (errors) this.#onRefused(client, feed, errors);
        },
        error: (error) => {
          if (!isCurrent()) return;
          if (Array.isArray(error)) this.#onRefused(client, feed, error);
          else if ((error as { code?: number } | null)?.code === FORBIDDEN_CLOSE) this.#onSessionRefused();
          else this.#reconnect();
        },
        complete: () => {
          if (isCurrent()) this.#reconnect();
        },
      },
    );
  }

  #take(feed: Feed, { cursor, kind }: { cursor: string; kind: string }): void {
    this.#failures = 0;
    feed.cursor = cursor;
    if (kind === 'SNAPSHOT') this.port.onSnapshot();
  }

  /** One feed was ended with GraphQL errors; the socket stands. */
  #onRefused(
    client: Client,
    feed: Feed,
    errors: readonly { message: string; extensions?: { code?: unknown } }[],
  ): void {
    const { message = '', extensions } = errors[0] ?? {};
    switch (extensions?.code) {
      case 'CURSOR_EXPIRED':
        return this.#begin(client, feed);
      case 'BAD_USER_INPUT':
        // A cursor that was sealed with another secret. Without a cursor there is nothing else that could be wrong.
        return feed.cursor === undefined ? this.port.onForbidden(message) : this.#begin(client, feed);
      case 'FORBIDDEN':
        return this.port.onForbidden(message);
      case 'UNAUTHENTICATED':
        return this.#onSessionRefused();
      default:
        return this.#reconnect();
    }
  }

  #begin(client: Client, feed: Feed): void {
    feed.cursor = undefined;
    // A vendor without stock gets no snapshot of it: what is shown is read again in any case.
    this.port.onSnapshot();
    this.#subscribe(client, feed);
  }

  #onSessionRefused(): void {
    this.#close();
    this.port.onState('reconnecting');
    this.port.onSessionRefused();
  }

  #reconnect(): void {
    if (this.#isStopped) return;
    this.#close();
    this.port.onState('reconnecting');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), retryDelayMs(this.#failures));
    this.#failures += 1;
  }

  #close(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.dispose();
  }
}
