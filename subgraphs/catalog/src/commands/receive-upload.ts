import { Readable } from 'node:stream';
import { accept, type Result } from '@marketgraph/platform/core';
import { FileTooLargeError } from '@marketgraph/platform/files';
import { HEAD_BYTES, type PictureSize, uploadRule } from '../domain/media.ts';
import type { UploadState } from '../domain/upload.ts';
import { findUpload, moveUpload } from '../store/uploads.ts';
import type { CommandDeps } from './command-deps.ts';

/** Why bytes were not taken, in the words of HTTP. */
export interface UploadRefusal {
  status: 404 | 409 | 413 | 415 | 422 | 503;
  message: string;
}

class WrongContentError extends Error {}

export function uploadFile(uploadId: string): string {
  return `uploads/${uploadId}`;
}

/**
 * Stores the bytes of an upload: all of them, of the announced type and size,
 * once. Of two that bring them at once the second is sent away before it
 * writes, so that what is stored never changes under a reader.
 */
export async function receiveUpload(
  deps: CommandDeps,
  { id, contentType, content }: { id: string; contentType: string; content: Readable },
): Promise<Result<UploadState, UploadRefusal>> {
  const upload = await findUpload(deps.store, id);
  if (!upload || upload.expiresAt <= deps.clock.now()) return refuse(404, 'No such upload.');
  if (contentType.split(';', 1)[0]!.trim().toLowerCase() !== upload.contentType) {
    return refuse(415, `Announced was ${upload.contentType}.`);
  }
  if (!(await moveUpload(deps.store, id, { from: 'PENDING', to: 'RECEIVING' }))) {
    return refuse(409, 'The bytes of this upload have arrived before.');
  }
  const stored = await storeChecked(deps, upload, content).catch(async (error: unknown) => {
    await moveUpload(deps.store, id, { from: 'RECEIVING', to: 'PENDING' });
    throw error;
  });
  if (!stored.ok) {
    await moveUpload(deps.store, id, { from: 'RECEIVING', to: 'PENDING' });
    return stored;
  }
  const picture = stored.value;
  await moveUpload(deps.store, id, { from: 'RECEIVING', to: 'STORED', ...(picture ? { picture } : {}) });
  return accept({ ...upload, status: 'STORED' });
}

/** Of an image its size; what cannot be shown is refused now, and not when the first buyer looks. */
async function storeChecked(
  deps: CommandDeps,
  upload: UploadState,
  content: Readable,
): Promise<Result<PictureSize | undefined, UploadRefusal>> {
  const stored = await storeBytes(deps, upload, content);
  if (!stored.ok) return stored;
  if (uploadRule(upload.contentType)?.purpose !== 'image') return accept(undefined);
  const picture = await deps.pictures.check(upload.id, upload.contentType);
  if (picture.ok) return picture;
  await deps.files.remove(uploadFile(upload.id));
  return picture.rejection === 'BUSY'
    ? refuse(503, 'Too many pictures arrive at the moment. Bring the bytes again.')
    : refuse(422, `The picture ${picture.rejection}.`);
}

async function storeBytes(
  { files }: CommandDeps,
  { id, contentType, byteSize }: UploadState,
  content: Readable,
): Promise<Result<true, UploadRefusal>> {
  try {
    const checked = Readable.from(withCheckedHead(content, contentType));
    const stored = await files.write(uploadFile(id), checked, { maxBytes: byteSize });
    if (stored.byteSize === byteSize) return accept(true);
    await files.remove(uploadFile(id));
    return refuse(422, `Announced were ${byteSize} bytes, ${stored.byteSize} have arrived.`);
  } catch (error) {
    if (error instanceof FileTooLargeError) return refuse(413, `Announced were ${byteSize} bytes.`);
    if (error instanceof WrongContentError) return refuse(415, error.message);
    throw error;
  }
}

/** Lets content through whose first bytes are those of the type. */
async function* withCheckedHead(content: Readable, contentType: string): AsyncGenerator<Buffer> {
  const looksRight = uploadRule(contentType)?.looksRight;
  let head: Buffer | undefined = looksRight ? Buffer.alloc(0) : undefined;
  const check = (bytes: Buffer): Buffer => {
    if (looksRight && !looksRight(bytes)) throw new WrongContentError(`The content is not ${contentType}.`);
    return bytes;
  };
  for await (const chunk of content as AsyncIterable<Buffer>) {
    if (!head) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    yield check(head);
    head = undefined;
  }
  if (head) yield check(head);
}

function refuse(status: UploadRefusal['status'], message: string): { ok: false; rejection: UploadRefusal } {
  return { ok: false, rejection: { status, message } };
}
