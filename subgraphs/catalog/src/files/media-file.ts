import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isId } from '@marketgraph/platform/core';
import { sendJson } from '@marketgraph/platform/serve';
import type { CommandDeps } from '../commands/command-deps.ts';
import { uploadFile } from '../commands/receive-upload.ts';
import { isPublicMedia } from '../domain/media.ts';
import { isUploadShown } from '../store/products.ts';
import { findUpload } from '../store/uploads.ts';

/** The bytes of an upload never change, so whoever has them may keep them. */
const CACHE_CONTROL = 'public, max-age=31536000, immutable';

/** Sends an image that a product shows. Other uploads (papers of a vendor, feeds) are nobody's business. */
export async function sendMedia(deps: CommandDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = new URL(request.url ?? '/', 'http://catalog').pathname.slice('/media/'.length);
  const upload = isId(id, 'upl') ? await findUpload(deps.store, id) : null;
  const isPublic = upload?.status === 'STORED' && isPublicMedia(upload.contentType);
  if (!isPublic || !(await isUploadShown(deps.store, id))) {
    return sendJson(response, 404, { errors: [{ message: 'Not found.' }] });
  }
  const headers = {
    'cache-control': CACHE_CONTROL,
    etag: `"${id}"`,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
  };
  if (request.headers['if-none-match'] === headers.etag) {
    response.writeHead(304, headers).end();
    return undefined;
  }
  const found = await deps.files.read(uploadFile(id));
  if (!found) return sendJson(response, 404, { errors: [{ message: 'Not found.' }] });
  response.writeHead(200, {
    ...headers,
    'content-type': upload.contentType,
    'content-length': found.file.byteSize,
    'last-modified': found.file.modifiedAt.toUTCString(),
  });
  if (request.method === 'HEAD') {
    found.stream.destroy();
    response.end();
    return undefined;
  }
  return pipeline(found.stream, response);
}
