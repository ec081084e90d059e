import { createHmac, timingSafeEqual } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';

export interface StoredFile {
  byteSize: number;
  modifiedAt: Date;
}

/** Where uploads, images and exports live. Names are `/`-separated and never leave the store. */
export interface FileStore {
  /** Writes all or nothing; rejects with `FileTooLargeError` past `maxBytes`. */
  write(name: string, content: Readable, options: { maxBytes: number }): Promise<StoredFile>;
  read(name: string): Promise<{ file: StoredFile; stream: Readable } | null>;
  stat(name: string): Promise<StoredFile | null>;
  remove(name: string): Promise<void>;
}

export class FileTooLargeError extends Error {
  constructor(readonly maxBytes: number) {
    super(`The file is larger than ${maxBytes} bytes.`);
    this.name = 'FileTooLargeError';
  }
}

export function folderStore(folder: string): FileStore {
  const pathOf = (name: string): string => {
    const path = normalize(join(folder, name));
    if (!path.startsWith(folder + sep)) throw new RangeError(`Not a name in this store: ${name}`);
    return path;
  };
  const describe = async (name: string): Promise<StoredFile | null> => {
    const info = await stat(pathOf(name)).catch(() => null);
    return info?.isFile() ? { byteSize: info.size, modifiedAt: info.mtime } : null;
  };
  return {
    async write(name, content, { maxBytes }) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true });
      const unfinished = `${path}.${process.pid}.${Date.now()}.part`;
      try {
        await pipeline(content, limitBytes(maxBytes), createWriteStream(unfinished, { mode: 0o600 }));
        await rename(unfinished, path);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
      return (await describe(name))!;
    },
    async read(name) {
      const file = await describe(name);
      return file && { file, stream: createReadStream(pathOf(name)) };
    },
    stat: describe,
    remove: (name) => rm(pathOf(name), { force: true }),
  };
}

function limitBytes(maxBytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      seen += chunk.length;
      done(seen > maxBytes ? new FileTooLargeError(maxBytes) : null, chunk);
    },
  });
}

/** Signs a path and an expiry, so that a URL is the permission. */
export interface UrlSigner {
  sign(path: string, expiresAt: Date): string;
  verify(path: string, query: URLSearchParams, now: Date): boolean;
}

export function urlSigner(secret: string): UrlSigner {
  const mac = (path: string, expires: string) =>
    createHmac('sha256', secret).update(`${path}\n${expires}`).digest('base64url');
  return {
    sign(path, expiresAt) {
      const expires = String(Math.floor(expiresAt.getTime() / 1_000));
      return `${path}?expires=${expires}&signature=${mac(path, expires)}`;
    },
    verify(path, query, now) {
      const expires = query.get('expires') ?? '';
      const signature = Buffer.from(query.get('signature') ?? '');
      const expected = Buffer.from(mac(path, expires));
      return (
        Number(expires) * 1_000 > now.getTime() &&
        signature.length === expected.length &&
        timingSafeEqual(signature, expected)
      );
    },
  };
}
