import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { accept, type Result } from '@marketgraph/platform/core';
import { bulkhead, BulkheadRejectedError } from 'cockatiel';
import type { PictureTools } from '../clients/picture-tools.ts';
import { type PictureSize, pictureWidths } from '../domain/media.ts';
import type { CommandDeps } from './command-deps.ts';
import { uploadFile } from './receive-upload.ts';

/** Decoded, a picture of the largest size takes 200 MB; two at a time leave a core for everything else. */
const AT_ONCE = 2;
/** Who comes when so many wait is asked to come again. */
const WAITING = 64;
/** Of a WebP at most this wide; more would be no picture of ours. */
const MAX_VARIANT_BYTES = 8 * 1024 * 1024;

export type ShrinkRefusal = 'BUSY' | 'UNREADABLE' | 'GONE';

/** Runs what needs a decoded picture, a few at a time. */
export interface PictureWork {
  shrink(uploadId: string, width: number): Promise<Result<string, ShrinkRefusal>>;
  /** Whether the bytes of an upload are a whole picture of this type: its size, `BUSY`, or what is wrong with it. */
  check(uploadId: string, contentType: string): Promise<Result<PictureSize, string>>;
}

export function variantFile(uploadId: string, width: number): string {
  return `variants/${uploadId}-${width}.webp`;
}

/** A variant is made when it is asked for first, and kept. Whoever asks meanwhile waits for the same one. */
export function pictureWork(files: CommandDeps['files'], tools: PictureTools): PictureWork {
  const policy = bulkhead(AT_ONCE, WAITING);
  const making = new Map<string, Promise<Result<string, ShrinkRefusal>>>();
  const keep = (name: string, bytes: Buffer) =>
    files.write(name, Readable.from([bytes]), { maxBytes: MAX_VARIANT_BYTES });
  const make = async (uploadId: string, width: number): Promise<Result<string, ShrinkRefusal>> => {
    const name = variantFile(uploadId, width);
    if (await files.stat(name)) return accept(name);
    try {
      return await policy.execute(async () => {
        const original = await files.read(uploadFile(uploadId));
        if (!original) return { ok: false, rejection: 'GONE' } as const;
        const shrunk = await tools.shrink(await buffer(original.stream), width);
        if (!shrunk.ok) return { ok: false, rejection: 'UNREADABLE' } as const;
        await keep(name, shrunk.value);
        return accept(name);
      });
    } catch (error) {
      if (error instanceof BulkheadRejectedError) return { ok: false, rejection: 'BUSY' };
      throw error;
    }
  };
  return {
    async check(uploadId, contentType) {
      try {
        return await policy.execute(async () => {
          const original = await files.read(uploadFile(uploadId));
          if (!original) return { ok: false, rejection: 'is gone' } as const;
          const bytes = await buffer(original.stream);
          const found = await tools.inspect(bytes);
          if (!found.ok) return found;
          if (found.value.contentType !== contentType)
            return { ok: false, rejection: `is not ${contentType}` } as const;
          // Its smallest variant shows that all of it can be decoded, and is the one that lists ask for first.
          const [smallest] = pictureWidths;
          const shrunk = await tools.shrink(bytes, smallest);
          if (!shrunk.ok) return shrunk;
          await keep(variantFile(uploadId, smallest), shrunk.value);
          const { width, height } = found.value;
          return accept({ width, height });
        });
      } catch (error) {
        if (error instanceof BulkheadRejectedError) return { ok: false, rejection: 'BUSY' };
        throw error;
      }
    },
    async shrink(uploadId, width) {
      const name = variantFile(uploadId, width);
      const known = making.get(name);
      if (known) return known;
      const made = make(uploadId, width).finally(() => making.delete(name));
      making.set(name, made);
      return made;
    },
  };
}
