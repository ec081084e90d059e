import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { HttpLimits } from '../config.ts';
import type { OperationRequest } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';

const badRequest = (message: string, status = 400) => new RequestError([graphqlError('BAD_REQUEST', message)], status);

/** Holds nothing between two whole texts. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A JSON body, refused as soon as it is too long, too slow, or not one. The limit counts what comes out of decompression. */
export async function readJsonBody(request: IncomingMessage, limits: HttpLimits): Promise<unknown> {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== 'application/json') throw badRequest('Send a body of type application/json.', 415);
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (charset && !/^charset="?utf-?8"?$/.test(charset)) throw badRequest('Send JSON in UTF-8.', 415);
  const bytes = await readLimited(request, limits);
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw badRequest('The body is not JSON.');
  }
}

/** What a GraphQL request is made of, or a refusal. */
export function operationRequest(body: unknown): OperationRequest {
  if (Array.isArray(body)) throw badRequest('Batches are not accepted: send one operation per request.');
  if (body === null || typeof body !== 'object') throw badRequest('Send a JSON object with a query.');
  const { query, operationName, variables, extensions } = body as Record<string, unknown>;
  const sha256Hash = persistedHash(extensions);
  if (sha256Hash === undefined && (query === undefined || query === '')) throw noQuery();
  if (query !== undefined && typeof query !== 'string') throw noQuery();
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw badRequest('"operationName" is a string.');
  }
  if (variables !== undefined && variables !== null && (typeof variables !== 'object' || Array.isArray(variables))) {
    throw badRequest('"variables" is an object.');
  }
  return { query, sha256Hash, operationName, variables: variables as Record<string, unknown> | null | undefined };
}

const noQuery = () => badRequest('"query" is a string with the document.');

/** `extensions.persistedQuery` as Apollo's clients send it. */
function persistedHash(extensions: unknown): string | undefined {
  if (extensions === undefined || extensions === null) return undefined;
  if (typeof extensions !== 'object' || Array.isArray(extensions)) throw badRequest('"extensions" is an object.');
  if (!Object.hasOwn(extensions, 'persistedQuery')) return undefined;
  const { version, sha256Hash } = Object(Reflect.get(extensions, 'persistedQuery')) as Record<string, unknown>;
  if (version !== 1) throw badRequest('"persistedQuery" has version 1.');
  if (typeof sha256Hash !== 'string' || !/^[0-9a-f]{64}$/.test(sha256Hash)) {
    throw badRequest('"sha256Hash" is a SHA-256 in hexadecimal.');
  }
  return sha256Hash;
}

/** The same from the parameters of a GET. */
export function operationFromSearch(search: URLSearchParams): OperationRequest {
  const one = (name: string): string | undefined => {
    const values = search.getAll(name);
    if (values.length > 1) throw badRequest(`"${name}" may be given once.`);
    return values[0];
  };
  const json = (name: string): unknown => {
    const text = one(name);
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch {
      throw badRequest(`"${name}" is not JSON.`);
    }
  };
  return operationRequest({
    query: one('query'),
    operationName: one('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  });
}

/** Refused or not, the request itself stays whole: whoever answers it can still be heard. */
async function readLimited(request: IncomingMessage, { maxBodyBytes, bodyTimeoutMs }: HttpLimits): Promise<Buffer> {
  const tooLarge = () =>
    new RequestError([graphqlError('REQUEST_TOO_LARGE', `The body is larger than ${maxBodyBytes} bytes.`)], 413);
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
  const { body, stop } = inflated(request);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isSettled = false;
    const settle = (outcome: () => void) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      outcome();
    };
    const refuse = (error: RequestError) =>
      settle(() => {
        stop();
        reject(error);
      });
    const late = setTimeout(() => refuse(new RequestError([timeout()], 408, { connection: 'close' })), bodyTimeoutMs);
    body.on('data', (chunk: Buffer) => {
      if (isSettled) return;
      size += chunk.length;
      if (size > maxBodyBytes) refuse(tooLarge());
      else chunks.push(chunk);
    });
    body.once('end', () => settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))));
    // Every request closes: what has been read is not refused, and no error with its stack is made for nothing.
    const broken = () => void (isSettled || refuse(badRequest('The body cannot be read.')));
    body.on('error', broken);
    request.on('error', broken);
    request.once('close', () => request.complete || broken());
  });
}

const timeout = () => graphqlError('TIMEOUT', 'The body did not arrive in time.');

function inflated(request: IncomingMessage): { body: Readable; stop(): void } {
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return { body: request, stop: () => request.pause() };
  const open = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[
    encoding
  ];
  if (!open) throw badRequest(`The encoding "${encoding.slice(0, 20)}" is not accepted.`, 415);
  const inflater = open({ chunkSize: 16 * 1024 });
  request.pipe(inflater);
  return {
    body: inflater,
    stop() {
      request.unpipe(inflater);
      request.pause();
      inflater.destroy();
    },
  };
}
