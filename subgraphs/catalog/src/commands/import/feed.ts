import type { ImportFormat } from '../../domain/catalog-import.ts';
import { readCsv } from './read-csv.ts';
import { type FeedLine, readLines } from './read-lines.ts';

/** One record of a feed, or why there is none in this line. */
export type FeedRecord = { line: number; record: unknown; problem?: undefined } | { line: number; problem: string };

/** Reads a feed; what is held at a time are the records of one piece of it, and a line that is not complete yet. */
export function readFeed(format: ImportFormat, content: AsyncIterable<Buffer>): AsyncIterable<FeedRecord[]> {
  const lines = readLines(content);
  return format === 'CSV' ? readCsv(lines) : readJsonLines(lines);
}

async function* readJsonLines(pieces: AsyncIterable<FeedLine[]>): AsyncGenerator<FeedRecord[]> {
  for await (const lines of pieces) {
    yield lines.flatMap(({ line, text, problem }) => {
      if (text === undefined) return { line, problem: problem ?? 'The line cannot be read.' };
      return text.trim() === '' ? [] : readJson(line, text);
    });
  }
}

function readJson(line: number, text: string): FeedRecord {
  try {
    return { line, record: JSON.parse(text) as unknown };
  } catch {
    return { line, problem: 'The line is not JSON.' };
  }
}
