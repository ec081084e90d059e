import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Readable } from 'node:stream';
import type * as operations from '@marketgraph/schema/generated/operations';

type Format = operations.CatalogImportStartMutationVariables['input']['format'];

/** A feed on disk; read once, without holding it. */
export interface FeedFile {
  name: string;
  byteSize: number;
  format: Format;
  contentType: string;
  read(onBytes: (bytes: number) => void): Readable;
  /** How many records there may be at most, known once it was read. */
  lines(): number;
}

const FORMATS: Readonly<Record<string, Format>> = {
  '.csv': 'CSV',
  '.tsv': 'CSV',
  '.txt': 'CSV',
  '.ndjson': 'JSONL',
  '.jsonl': 'JSONL',
};
const CONTENT_TYPES: Readonly<Record<Format, string>> = { CSV: 'text/csv', JSONL: 'application/x-ndjson' };
const NEWLINE = 0x0a;

export async function openFeed(path: string, asked: string | undefined): Promise<FeedFile> {
  const format = asked ? formatNamed(asked) : FORMATS[extname(path).toLowerCase()];
  if (!format) throw new Error(`${basename(path)} does not say how it is written: give --format CSV or JSONL.`);
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) throw new Error(`There is no file ${path}.`);
  let newlines = 0;
  let last = NEWLINE;
  return {
    name: basename(path).slice(0, 200),
    byteSize: info.size,
    format,
    contentType: CONTENT_TYPES[format],
    read(onBytes) {
      let seen = 0;
      return Readable.from(
        (async function* () {
          for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
            for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) newlines += 1;
            last = chunk.at(-1) ?? last;
            seen += chunk.length;
            onBytes(seen);
            yield chunk;
          }
        })(),
        { objectMode: false },
      );
    },
    lines: () => newlines + (last === NEWLINE ? 0 : 1) - (format === 'CSV' ? 1 : 0),
  };
}

function formatNamed(name: string): Format | undefined {
  const upper = name.toUpperCase();
  return upper === 'CSV' || upper === 'JSONL' ? upper : undefined;
}
