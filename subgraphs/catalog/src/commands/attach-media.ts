import { accept } from '@marketgraph/platform/core';
import type { ClientSession } from 'mongodb';
import { type MediaItem, uploadRule } from '../domain/media.ts';
import { type Outcome, type Refusal, refusal, refuseAll } from '../domain/outcome.ts';
import type { Actor } from '../domain/ownership.ts';
import { MAX_MEDIA } from '../domain/product.ts';
import { findUploads } from '../store/uploads.ts';
import type { CommandDeps } from './command-deps.ts';

/** Turns uploads into media of a product: one's own uploads, and those the product shows already. */
export async function attachMedia(
  deps: CommandDeps,
  {
    actor,
    uploadIds,
    shown,
    session,
  }: {
    actor: Actor;
    uploadIds: readonly string[];
    shown: readonly MediaItem[];
    session: ClientSession;
  },
): Promise<Outcome<MediaItem[]>> {
  if (uploadIds.length === 0) return accept([]);
  if (uploadIds.length > MAX_MEDIA) {
    return refuseAll([refusal('INVALID', `At most ${MAX_MEDIA} images.`, ['mediaUploadIds'])]);
  }
  const uploads = new Map((await findUploads(deps.store, uploadIds, session)).map((upload) => [upload.id, upload]));
  const refusals: Refusal[] = [];
  const media: MediaItem[] = [];
  for (const [index, uploadId] of uploadIds.entries()) {
    const field = ['mediaUploadIds', index];
    const known = shown.find((item) => item.uploadId === uploadId);
    const upload = uploads.get(uploadId);
    if (media.some((item) => item.uploadId === uploadId)) {
      refusals.push(refusal('INVALID', 'This upload is named twice.', field));
    } else if (known) {
      media.push(known);
    } else if (!upload || upload.ownerId !== actor.userId) {
      refusals.push(refusal('NOT_FOUND', 'No such upload.', field));
    } else if (upload.status !== 'STORED') {
      refusals.push(refusal('INVALID', 'The bytes of this upload have not arrived.', field));
    } else if (uploadRule(upload.contentType)?.purpose !== 'image') {
      refusals.push(refusal('INVALID', 'Only images are shown with a product.', field));
    } else {
      media.push({
        id: deps.ids.next('med'),
        kind: 'IMAGE',
        uploadId,
        externalUrl: null,
        altText: null,
        ...(upload.picture ? { size: upload.picture } : {}),
      });
    }
  }
  return refusals.length > 0 ? refuseAll(refusals) : accept(media);
}
