import { accept } from '@marketgraph/platform/core';
import { uploadRule, uploadRules } from '../domain/media.ts';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { checkedText } from '../domain/text.ts';
import { MAX_PENDING_UPLOADS, UPLOAD_LIFETIME_MS, type UploadState } from '../domain/upload.ts';
import { countPendingUploads, insertUpload } from '../store/uploads.ts';
import type { CommandDeps } from './command-deps.ts';

export interface CreateUpload {
  ownerId: string;
  /** Feeds are large: only who sells may bring one. */
  isSeller: boolean;
  filename: string;
  contentType: string;
  byteSize: number;
}

export interface PresignedUpload {
  upload: UploadState;
  /** Whoever has it may put the bytes there, once. */
  url: string;
}

const MAX_FILENAME = 200;

export async function createUpload(deps: CommandDeps, command: CreateUpload): Promise<Outcome<PresignedUpload>> {
  const rule = uploadRule(command.contentType);
  if (!rule) {
    return refuse('INVALID', `Accepted are ${Object.keys(uploadRules).join(', ')}.`, ['contentType']);
  }
  if (rule.purpose === 'import' && !command.isSeller) {
    return refuse('FORBIDDEN', 'Only vendors bring product feeds.', ['contentType']);
  }
  if (!Number.isInteger(command.byteSize) || command.byteSize < 1 || command.byteSize > rule.maxBytes) {
    return refuse('INVALID', `A file of this type has 1 to ${rule.maxBytes} bytes.`, ['byteSize']);
  }
  const filename = checkedText(command.filename, { max: MAX_FILENAME, field: ['filename'], what: 'The file name' });
  if (!filename.ok) return filename;
  const now = deps.clock.now();
  if ((await countPendingUploads(deps.store, command.ownerId, now)) >= MAX_PENDING_UPLOADS) {
    return refuse('LIMIT_EXCEEDED', `${MAX_PENDING_UPLOADS} uploads are waiting for their bytes already.`);
  }
  const upload: UploadState = {
    id: deps.ids.next('upl'),
    ownerId: command.ownerId,
    filename: filename.value,
    contentType: command.contentType,
    byteSize: command.byteSize,
    status: 'PENDING',
    expiresAt: new Date(now.getTime() + UPLOAD_LIFETIME_MS),
    createdAt: now,
  };
  await insertUpload(deps.store, upload);
  return accept({ upload, url: deps.publicUrl + deps.signer.sign(`/uploads/${upload.id}`, upload.expiresAt) });
}
