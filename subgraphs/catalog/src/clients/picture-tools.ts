import { accept, type Result } from '@marketgraph/platform/core';
import type { Sharp, SharpOptions } from 'sharp';
import { MAX_PIXELS, type PictureSize } from '../domain/media.ts';

/** What is known of a picture's bytes. */
export interface Picture extends PictureSize {
  /** MIME type by its content. */
  contentType: string;
}

export interface PictureTools {
  /** Looks at the beginning of a picture: what it is and how large, without decoding it. */
  inspect(bytes: Buffer): Promise<Result<Picture, string>>;
  /** The picture at this width in WebP, upright, without what the camera wrote into it; it is never made larger. */
  shrink(bytes: Buffer, width: number): Promise<Result<Buffer, string>>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
};
const QUALITY = 80;
/** A picture that takes longer is one made to take long. */
const TIMEOUT_S = 10;

/** `sharp` is loaded with the first picture: it costs half a second and 30 MB that a catalog without pictures need not spend. */
export function sharpPictureTools(): PictureTools {
  let loaded: Promise<(bytes: Buffer, options: SharpOptions) => Sharp> | undefined;
  const load = () =>
    (loaded ??= import('sharp').then(({ default: sharp }) => {
      // One picture is one thread, and how many at a time is decided by who calls; nothing is kept in memory between them.
      sharp.concurrency(1);
      sharp.cache(false);
      return sharp;
    }));
  const options: SharpOptions = { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true };
  return {
    async inspect(bytes) {
      const sharp = await load();
      try {
        // Pixels are checked below, so that a picture too large is told from one that is none.
        const found = await sharp(bytes, { ...options, limitInputPixels: false }).metadata();
        const { format, compression, autoOrient } = found;
        const contentType = CONTENT_TYPES[format === 'heif' && compression === 'av1' ? 'avif' : format];
        if (!contentType) return refuse('is not a picture');
        const { width, height } = autoOrient;
        if (width * height > MAX_PIXELS) return refuse(`has more than ${MAX_PIXELS} pixels`);
        return accept({ contentType, width, height });
      } catch {
        return refuse('is not a picture');
      }
    },
    async shrink(bytes, width) {
      const sharp = await load();
      try {
        const shrunk = sharp(bytes, options)
          .timeout({ seconds: TIMEOUT_S })
          .autoOrient()
          .resize({ width, withoutEnlargement: true })
          .webp({ quality: QUALITY });
        return accept(await shrunk.toBuffer());
      } catch {
        return refuse('cannot be decoded');
      }
    },
  };
}

function refuse(reason: string): { ok: false; rejection: string } {
  return { ok: false, rejection: reason };
}
