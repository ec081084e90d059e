import { importContentTypes } from '../domain/catalog-import.ts';
import { FEED_LIFETIME_MS, UPLOAD_LIFETIME_MS } from '../domain/upload.ts';
import { deleteUpload, findOldUploads } from '../store/uploads.ts';
import type { CommandDeps } from './command-deps.ts';
import { uploadFile } from './receive-upload.ts';

const BATCH = 100;

/**
 * Takes away uploads nobody needs any more: those whose bytes never came, and
 * feeds after a week. The file goes first: a process that dies in between
 * finds the upload again and has nothing left to remove but its row.
 */
export async function sweepUploads(deps: Pick<CommandDeps, 'store' | 'files' | 'clock'>): Promise<'idle' | 'busy'> {
  const now = deps.clock.now();
  const old = await findOldUploads(deps.store, {
    // Bytes that began to come in time may still be coming.
    abandonedBefore: new Date(now.getTime() - UPLOAD_LIFETIME_MS),
    feedTypes: Object.values(importContentTypes),
    feedsBefore: new Date(now.getTime() - FEED_LIFETIME_MS),
    limit: BATCH,
  });
  for (const { id } of old) {
    await deps.files.remove(uploadFile(id));
    await deleteUpload(deps.store, id);
  }
  return old.length === BATCH ? 'busy' : 'idle';
}
