import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';

/** The whole body, or 413 as soon as it grows over the limit. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new ApiError(413, `The request body is larger than ${maxBytes} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ApiError(400, 'Bad JSON.');
  }
}

/** The lines of a body, one string at a time: a large import is never decoded at once. */
export function* linesOf(body: Buffer): Generator<string> {
  for (let from = 0; from < body.length;) {
    const newline = body.indexOf(10, from);
    const end = newline < 0 ? body.length : newline;
    const line = body.toString('utf8', from, end).trim();
    if (line !== '') yield line;
    from = end + 1;
  }
}
