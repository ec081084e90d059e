import type { IncomingMessage, ServerResponse } from 'node:http';
import { isId } from '@marketgraph/platform/core';
import type { SubgraphRoute } from '@marketgraph/platform/graphql';
import { sendJson } from '@marketgraph/platform/serve';
import type { CommandDeps } from '../commands/command-deps.ts';
import { receiveUpload } from '../commands/receive-upload.ts';
import { sendErrorFile } from './error-file.ts';
import { sendMedia } from './media-file.ts';

/** The paths of the public port that are the catalog's: bytes in, images and error files out. */
export function catalogRoutes(deps: CommandDeps): SubgraphRoute[] {
  return [
    { method: 'PUT', prefix: '/uploads/', handle: (request, response) => takeUpload(deps, request, response) },
    { method: 'GET', prefix: '/media/', handle: (request, response) => sendMedia(deps, request, response) },
    { method: 'HEAD', prefix: '/media/', handle: (request, response) => sendMedia(deps, request, response) },
    { method: 'GET', prefix: '/exports/', handle: (request, response) => sendErrorFile(deps, request, response) },
  ];
}

async function takeUpload(deps: CommandDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://catalog');
  const id = url.pathname.slice('/uploads/'.length);
  const isSigned = isId(id, 'upl') && deps.signer.verify(url.pathname, url.searchParams, deps.clock.now());
  // The rest of a refused body is not read: the connection ends with the answer.
  const refuse = (status: number, message: string) =>
    sendJson(response, status, { errors: [{ message }] }, { connection: 'close' });
  if (!isSigned) return refuse(403, 'This upload address is not valid any more.');
  if (request.headers['content-encoding']) return refuse(415, 'Send the bytes as they are, without Content-Encoding.');
  const received = await receiveUpload(deps, {
    id,
    contentType: request.headers['content-type'] ?? '',
    content: request,
  });
  if (!received.ok) return refuse(received.rejection.status, received.rejection.message);
  return sendJson(response, 201, { uploadId: id });
}
