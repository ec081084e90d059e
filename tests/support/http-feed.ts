import { Feed } from './feed.ts';

/** A subscription over HTTP: how it is asked for, and how its answer is cut into results. */
interface HttpStreaming {
  path: string;
  accept: string;
  /** What ends each piece of the answer. */
  end: string;
  /** The JSON of the result in a piece, or nothing. */
  resultIn(piece: string): string | undefined;
}

const eventStream: HttpStreaming = {
  path: '/graphql/stream',
  accept: 'text/event-stream',
  end: '\n\n',
  resultIn: (piece) => /^event: next\ndata: (.*)$/s.exec(piece)?.[1],
};

const multipart: HttpStreaming = {
  path: '/graphql',
  accept: 'multipart/mixed;subscriptionSpec=1.0',
  end: '\r\n--graphql',
  resultIn(piece) {
    const json = piece.slice(piece.indexOf('\r\n\r\n') + 4);
    if (!piece.startsWith('\r\ncontent-type:') || json === '{}') return undefined;
    const { payload, errors } = JSON.parse(json) as { payload: object | null; errors?: unknown };
    return JSON.stringify(payload ?? { errors });
  },
};

interface Asked {
  query: string;
  variables?: Record<string, unknown>;
  token?: string | undefined;
}

export const watchEventStream = <Data>(graphUrl: string, asked: Asked) => watch<Data>(eventStream, graphUrl, asked);
export const watchMultipart = <Data>(graphUrl: string, asked: Asked) => watch<Data>(multipart, graphUrl, asked);

function watch<Data>(how: HttpStreaming, graphUrl: string, { query, variables, token }: Asked): Feed<Data> {
  const cut = new AbortController();
  const feed = new Feed<Data>(async () => cut.abort());
  const read = async (): Promise<void> => {
    const response = await fetch(graphUrl + how.path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: how.accept,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify({ query, variables }),
      signal: cut.signal,
    });
    if (!response.ok) return feed.next((await response.json()) as object);
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let at = text.indexOf(how.end); at >= 0; at = text.indexOf(how.end)) {
        const result = how.resultIn(text.slice(0, at));
        text = text.slice(at + how.end.length);
        if (result !== undefined) feed.next(JSON.parse(result) as object);
      }
    }
    feed.complete();
  };
  read().catch((error: unknown) => {
    if (!cut.signal.aborted) feed.error(error);
  });
  return feed;
}
