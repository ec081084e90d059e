import { describe, expect, it } from 'vitest';
import { acceptsEventStream, acceptsMultipart, eventStreamFormat, multipartFormat } from './stream-format.ts';

const error = { message: 'no', extensions: { code: 'X' } };

/** The JSON of each part, and what is behind the last boundary. */
function partsOf(text: string): { parts: unknown[]; end: string } {
  const [before, ...parts] = text.split('\r\n--graphql');
  expect(before).toBe('');
  const end = parts.pop() ?? '';
  const read = (part: string) => {
    expect(part).toMatch(/^\r\ncontent-type: application\/json\r\n\r\n/);
    return JSON.parse(part.slice(part.indexOf('\r\n\r\n'))) as unknown;
  };
  return { parts: parts.map(read), end };
}

describe('multipart', () => {
  it('is parts between boundaries: results in payload, heartbeats empty', () => {
    const { opening, heartbeat, result, ending } = multipartFormat;
    expect(partsOf(opening + result('{"data":{"a":1}}') + heartbeat + ending(null, true))).toEqual({
      parts: [{ payload: { data: { a: 1 } } }, {}],
      end: '--\r\n',
    });
    expect(multipartFormat.heartbeatMs).toBe(5_000);
  });

  it('says what the operation refuses inside the payload, and what breaks the stream off beside it', () => {
    const { opening, ending, goingAway } = multipartFormat;
    expect(partsOf(opening + ending([error], false)).parts).toEqual([{ payload: { data: null, errors: [error] } }]);
    expect(partsOf(opening + ending([error], true)).parts).toEqual([{ payload: null, errors: [error] }]);
    expect(partsOf(opening + goingAway(error))).toEqual({ parts: [{ payload: null, errors: [error] }], end: '--\r\n' });
  });

  it.each([
    [
      'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9',
      true,
    ],
    ['multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json', true],
    ['application/json, Multipart/Mixed; SubscriptionSpec=1.0', true],
    ['multipart/mixed;deferSpec=20220824', false],
    ['multipart/mixed;subscriptionSpec=2.0', false],
    ['multipart/mixed, application/json;subscriptionSpec=1.0', false],
    ['*/*', false],
    [undefined, false],
  ])('is given to who accepts %s: %s', (accept, accepted) => {
    expect(acceptsMultipart(accept)).toBe(accepted);
  });
});

describe('an event stream', () => {
  it('is the events of graphql-sse, and breaks off without "complete" when the server goes', () => {
    const { result, ending, goingAway } = eventStreamFormat;
    expect(result('{"data":1}')).toBe('event: next\ndata: {"data":1}\n\n');
    expect(ending(null, true)).toBe('event: complete\ndata:\n\n');
    expect(ending([error], false)).toBe(`${result(JSON.stringify({ errors: [error] }))}event: complete\ndata:\n\n`);
    expect(goingAway(error)).toBe('');
  });

  it.each([
    ['text/event-stream', true],
    ['*/*', true],
    [undefined, true],
    ['application/json', false],
  ])('is given to who accepts %s: %s', (accept, accepted) => {
    expect(acceptsEventStream(accept)).toBe(accepted);
  });
});
