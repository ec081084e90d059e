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
  from: UploadStatus,
  to: UploadStatus,
): Promise<boolean> {
  const result = await store.uploads.updateOne({ _id: id, status: from }, { $set: { status: to } });
  return result.modifiedCount === 1;
}
