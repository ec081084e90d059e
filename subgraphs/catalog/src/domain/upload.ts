import type { PictureSize } from './media.ts';

/** RECEIVING while somebody brings the bytes; one at a time. */
export type UploadStatus = 'PENDING' | 'RECEIVING' | 'STORED';

export interface UploadState {
  id: string;
  ownerId: string;
  filename: string;
  contentType: string;
  byteSize: number;
  status: UploadStatus;
  /** Until when the bytes may arrive. */
  expiresAt: Date;
  createdAt: Date;
  /** Of an image whose bytes have arrived. */
  picture?: PictureSize;
}

/** How long a presigned URL takes bytes. */
export const UPLOAD_LIFETIME_MS = 60 * 60 * 1_000;
/** Uploads one person may have begun and not finished. */
export const MAX_PENDING_UPLOADS = 200;
/** A feed can be imported again for so long; then it has to be brought again. */
export const FEED_LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000;
