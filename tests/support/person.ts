import { once } from 'node:events';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { GraphQLClient, type Variables } from 'graphql-request';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { Feed } from './feed.ts';

/** Somebody with a client of their own: an HTTP GraphQL client and, when they watch, graphql-ws. */
export class Person {
  readonly #http: GraphQLClient;
  readonly #sockets = new Set<Client>();
  accessToken: string | undefined;

  constructor(
    readonly name: string,
    readonly graphUrl: string,
  ) {
    this.#http = new GraphQLClient(`${graphUrl}/graphql`, {
      headers: () =>
        (this.accessToken ? { authorization: `Bearer ${this.accessToken}` } : {}) as Record<string, string>,
    });
  }

  /** Rejects when the answer has GraphQL errors; `userErrors` are data. */
  async ask<Data, Vars extends Variables>(document: TypedDocumentNode<Data, Vars>, variables: Vars): Promise<Data> {
    return this.#http.request<Data>({ document, variables });
  }

  watch<Data, Vars extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Vars>,
    variables: Vars,
  ): Feed<Data> {
    return this.watchText<Data>(print(document), variables);
  }

  /** A subscription as text, for tests of what must not work. */
  watchText<Data>(query: string, variables: Record<string, unknown>): Feed<Data> {
    let socket: WebSocket | undefined;
    const client = createClient({
      url: `${this.graphUrl.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: this.accessToken ? { authorization: `Bearer ${this.accessToken}` } : {},
      on: {
        opened: (opened) => {
          socket = opened as WebSocket;
        },
      },
    });
    this.#sockets.add(client);
    const feed = new Feed<Data>(async () => {
      this.#sockets.delete(client);
      if (socket && socket.readyState !== WebSocket.CLOSED) {
        const closed = once(socket, 'close');
        // Like a lost network: no goodbye on either side.
        socket.terminate();
        await closed;
      }
      await client.dispose();
    });
    client.subscribe<Data>({ query, variables }, feed);
    return feed;
  }

  async leave(): Promise<void> {
    await Promise.all([...this.#sockets].map((client) => client.dispose()));
    this.#sockets.clear();
  }
}
