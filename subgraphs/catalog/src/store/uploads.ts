import type { PictureSize } from '../domain/media.ts';
import type { UploadState, UploadStatus } from '../domain/upload.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface UploadDocument extends Omit<UploadState, 'id'> {
  _id: string;
}

export async function findUploads(
  store: CatalogStore,
  ids: readonly string[],
  session?: Session,
): Promise<UploadState[]> {
  const documents = await store.uploads.find({ _id: { $in: [...ids] } }, { session }).toArray();
  return documents.map(({ _id, ...state }) => ({ id: _id, ...state }));
}

export async function findUpload(store: CatalogStore, id: string): Promise<UploadState | null> {
  return (await findUploads(store, [id]))[0] ?? null;
}

export async function insertUpload(store: CatalogStore, { id, ...state }: UploadState): Promise<void> {
  await store.uploads.insertOne({ _id: id, ...state });
}

/** Index `byOwner`. */
export async function countPendingUploads(store: CatalogStore, ownerId: string, now: Date): Promise<number> {
  return store.uploads.countDocuments({ ownerId, status: 'PENDING', expiresAt: { $gt: now } });
}

/** Concurrency: the status it leaves is part of the filter, so that of two only one gets true. */
export async function moveUpload(
  store: CatalogStore,
  id: string,
  { from, to, picture }: { from: UploadStatus; to: UploadStatus; picture?: PictureSize },
): Promise<boolean> {
  const change = { status: to, ...(picture ? { picture } : {}) };
  const result = await store.uploads.updateOne({ _id: id, status: from }, { $set: change });
  return result.modifiedCount === 1;
}

/** Indexes `unfinished` and `byAge`. Uploads without bytes past their time, and feeds of long ago that no import waits for. */
export async function findOldUploads(
  store: CatalogStore,
  query: { abandonedBefore: Date; feedTypes: readonly string[]; feedsBefore: Date; limit: number },
): Promise<UploadState[]> {
  const { abandonedBefore, feedTypes, feedsBefore, limit } = query;
  const documents = await store.uploads
    .find({
      $or: [
        { status: { $in: ['PENDING', 'RECEIVING'] }, expiresAt: { $lt: abandonedBefore } },
        { contentType: { $in: [...feedTypes] }, createdAt: { $lt: feedsBefore } },
      ],
    })
    .limit(limit)
    .toArray();
  const open = await store.imports
    .find({ uploadId: { $in: documents.map(({ _id }) => _id) }, isOpen: true }, { projection: { uploadId: 1 } })
    .toArray();
  const needed = new Set(open.map(({ uploadId }) => uploadId));
  return documents.filter(({ _id }) => !needed.has(_id)).map(({ _id, ...state }) => ({ id: _id, ...state }));
}

export async function deleteUpload(store: CatalogStore, id: string): Promise<void> {
  await store.uploads.deleteOne({ _id: id });
}
