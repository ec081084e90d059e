export type MediaKind = 'IMAGE' | 'VIDEO' | 'DOCUMENT';

export interface MediaItem {
  id: string;
  kind: MediaKind;
  /** Set when the file is ours. */
  uploadId: string | null;
  /** Set when it stands somewhere else, as in an imported feed. */
  externalUrl: string | null;
  altText: string | null;
  /** Of a picture that is ours, as it was uploaded; absent where nobody has looked. */
  size?: PictureSize;
}

/** In pixels, upright. */
export interface PictureSize {
  width: number;
  height: number;
}

interface UploadRule {
  purpose: 'image' | 'document' | 'import';
  maxBytes: number;
  /** Whether the first bytes are those of the type; absent where a type has no signature. */
  looksRight?(head: Uint8Array): boolean;
}

const MEGABYTE = 1024 * 1024;
/** Decoded, such a picture takes 200 MB; a file of a few kilobytes can claim to be larger. */
export const MAX_PIXELS = 50_000_000;
/** What pictures are made smaller to; others there are none, so that nobody can ask for all that could be. */
export const pictureWidths = [160, 320, 640, 960, 1280, 1920] as const;

/** The start of a file that `looksRight` wants to see. */
export const HEAD_BYTES = 32;

/** What may be uploaded, and how large. No SVG and no HTML: a browser would run what is in them. */
export const uploadRules: Readonly<Record<string, UploadRule>> = {
  'image/jpeg': { purpose: 'image', maxBytes: 10 * MEGABYTE, looksRight: (head) => hasBytes(head, [0xff, 0xd8, 0xff]) },
  'image/png': {
    purpose: 'image',
    maxBytes: 10 * MEGABYTE,
    looksRight: (head) => hasBytes(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  },
  'image/gif': { purpose: 'image', maxBytes: 10 * MEGABYTE, looksRight: (head) => hasText(head, 'GIF8') },
  'image/webp': {
    purpose: 'image',
    maxBytes: 10 * MEGABYTE,
    looksRight: (head) => hasText(head, 'RIFF') && hasText(head, 'WEBP', 8),
  },
  'image/avif': {
    purpose: 'image',
    maxBytes: 10 * MEGABYTE,
    looksRight: (head) => hasText(head, 'ftyp', 4) && (hasText(head, 'avif', 8) || hasText(head, 'avis', 8)),
  },
  'application/pdf': { purpose: 'document', maxBytes: 20 * MEGABYTE, looksRight: (head) => hasText(head, '%PDF-') },
  'application/x-ndjson': { purpose: 'import', maxBytes: 200 * MEGABYTE },
  'text/csv': { purpose: 'import', maxBytes: 200 * MEGABYTE },
};

export function uploadRule(contentType: string): UploadRule | undefined {
  return Object.hasOwn(uploadRules, contentType) ? uploadRules[contentType] : undefined;
}

export function isPublicMedia(contentType: string): boolean {
  return uploadRule(contentType)?.purpose === 'image';
}

function hasBytes(head: Uint8Array, expected: readonly number[], at = 0): boolean {
  return expected.every((byte, index) => head[at + index] === byte);
}

function hasText(head: Uint8Array, expected: string, at = 0): boolean {
  return hasBytes(
    head,
    [...expected].map((letter) => letter.charCodeAt(0)),
    at,
  );
}

/** At least as wide as asked for, as it came when there is no such width. Pictures of others stand where they stand. */
export function mediaUrl(
  { kind, uploadId, externalUrl, size }: Pick<MediaItem, 'kind' | 'uploadId' | 'externalUrl' | 'size'>,
  { publicUrl, width }: { publicUrl: string; width?: number | null },
): string {
  if (externalUrl !== null) return externalUrl;
  const original = `${publicUrl}/media/${uploadId}`;
  if (!width || kind !== 'IMAGE') return original;
  const variant = pictureWidths.find((known) => known >= width);
  const isSmaller = variant !== undefined && !(size && size.width <= variant);
  return isSmaller ? `${original}?w=${variant}` : original;
}
