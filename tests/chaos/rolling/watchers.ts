import { setTimeout as pause } from 'node:timers/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { ReadyGateways } from './ready-gateways.ts';

const RETRY_MS = 50;
const QUERY = print(operations.StockChangedDocument);

interface StockMessage {
  stockChanged: { kind: string; cursor: string; available: number };
}

/** Somebody who watches one offer, and after a cut goes on behind the last message, at whichever gateway is ready. */
export class StockWatcher {
  readonly seen: number[] = [];
  /** Close codes of lost sockets. */
  readonly closes: number[] = [];
  readonly refusals: unknown[] = [];
  #cursor: string | undefined;
  #ended = false;
  #leave: () => void = () => undefined;
  readonly #watching: Promise<void>;

  constructor(
    private readonly gateways: ReadyGateways,
    private readonly offerId: string,
  ) {
    this.#watching = this.#watch();
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#leave();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#ended) {
      const url = this.gateways.next();
      if (url) await this.#watchAt(url);
      if (!this.#ended) await pause(RETRY_MS);
    }
  }

  async #watchAt(url: string): Promise<void> {
    const client = createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { closed: (event) => void (this.#ended || this.closes.push((event as { code: number }).code)) },
    });
    const variables = { offerIds: [this.offerId], after: this.#cursor };
    await new Promise<void>((resolve) => {
      this.#leave = () => {
        void client.dispose();
        resolve();
      };
      client.subscribe<StockMessage>(
        { query: QUERY, variables },
        {
          next: ({ data, errors }) => {
            if (!data) return void this.refusals.push(errors);
            this.#cursor = data.stockChanged.cursor;
            this.seen.push(data.stockChanged.available);
          },
          error: (error) => {
            if (Array.isArray(error)) this.refusals.push(error);
            resolve();
          },
          complete: resolve,
        },
      );
    });
    await client.dispose();
  }
}
