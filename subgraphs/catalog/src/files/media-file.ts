import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isId } from '@marketgraph/platform/core';
import { sendJson } from '@marketgraph/platform/serve';
import type { CommandDeps } from '../commands/command-deps.ts';
import { uploadFile } from '../commands/receive-upload.ts';
import { isPublicMedia, pictureWidths } from '../domain/media.ts';
import { isUploadShown } from '../store/products.ts';
import { findUpload } from '../store/uploads.ts';

/** The bytes of an upload never change, nor what is made of them, so whoever has them may keep them. */
const CACHE_CONTROL = 'public, max-age=31536000, immutable';
const RETRY_AFTER_S = 2;

interface Served {
  name: string;
  contentType: string;
  etag: string;
}

/**
 * Sends an image that a product shows, as it came or, with `?w=`, at one of the
 * widths there are. Other uploads (papers of a vendor, feeds) are nobody's business.
 */
export async function sendMedia(deps: CommandDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://catalog');
  const id = pathname.slice('/media/'.length);
  const refuse = (status: number, message: string, headers: Record<string, string> = {}) =>
    sendJson(response, status, { errors: [{ message }] }, headers);
  const upload = isId(id, 'upl') ? await findUpload(deps.store, id) : null;
  const isPublic = upload?.status === 'STORED' && isPublicMedia(upload.contentType);
  if (!isPublic || !(await isUploadShown(deps.store, id))) return refuse(404, 'Not found.');
  const width = widthOf(searchParams);
  if (width === undefined) return refuse(400, `w is one of ${pictureWidths.join(', ')}.`);
  const served: Served =
    width === null
      ? { name: uploadFile(id), contentType: upload.contentType, etag: `"${id}"` }
      : { name: '', contentType: 'image/webp', etag: `"${id}-${width}"` };
  const headers = {
    'cache-control': CACHE_CONTROL,
    etag: served.etag,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
  };
  if (request.headers['if-none-match'] === served.etag) {
    response.writeHead(304, headers).end();
    return undefined;
  }
  if (width !== null) {
    const made = await deps.pictures.shrink(id, width);
    if (!made.ok) {
      if (made.rejection === 'BUSY') return refuse(503, 'Busy. Try again.', { 'retry-after': String(RETRY_AFTER_S) });
      return refuse(404, 'Not found.');
    }
    served.name = made.value;
  }
  return send(deps, request, response, { served, headers });
}

async function send(
  { files }: CommandDeps,
  request: IncomingMessage,
  response: ServerResponse,
  { served, headers }: { served: Served; headers: Record<string, string> },
): Promise<void> {
  const found = await files.read(served.name);
  if (!found) return sendJson(response, 404, { errors: [{ message: 'Not found.' }] });
  response.writeHead(200, {
    ...headers,
    'content-type': served.contentType,
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

/** Null: as it came. Undefined: no width there is, so that nobody fills the disk with all that could be. */
function widthOf(search: URLSearchParams): number | null | undefined {
  const asked = search.get('w');
  if (asked === null) return null;
  return pictureWidths.find((width) => String(width) === asked);
}
