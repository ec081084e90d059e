import { parse } from 'csv-parse/sync';
import { MAX_LINE_BYTES } from '../../domain/catalog-import.ts';
import type { FeedRecord } from './feed.ts';
import type { FeedLine } from './read-lines.ts';

/** A table that cannot be read at all: not a bad row, a wrong file. */
export class UnreadableFeedError extends Error {}

const DELIMITERS = [',', ';', '\t'];
const MAX_COLUMNS = 200;
const ATTRIBUTE_COLUMN = /^attributes?\.(.+)$/i;
/** Columns whose names feeds write in any case. */
const KNOWN_COLUMNS = new Map(
  [
    'sku',
    'title',
    'name',
    'description',
    'brand',
    'category',
    'categories',
    'price',
    'priceMinor',
    'currency',
    'currencyCode',
    'attributes',
    'imageUrl',
    'image',
    'gtin',
    'weightGrams',
    'sourceVersion',
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * Turns lines into records, the first of them being the header. A quoted cell
 * may span lines; a quote that is never closed spoils its own line only.
 */
export async function* readCsv(lines: AsyncIterable<FeedLine>): AsyncGenerator<FeedRecord> {
  let header: Header | undefined;
  let waiting: Text[] = [];
  let length = 0;
  const readWaiting = (): FeedRecord[] => {
    const texts = waiting;
    waiting = [];
    length = 0;
    return header ? readTexts(texts, header) : [];
  };
  for await (const { line, text, problem } of joinQuotedLines(lines, () => header?.delimiter)) {
    if (text === '') continue;
    if (!header) {
      if (text === undefined) throw new UnreadableFeedError(`The header cannot be read: ${problem}`);
      header = readHeader(text);
    } else if (text === undefined) {
      yield* readWaiting();
      yield { line, problem: problem! };
    } else {
      waiting.push({ line, text });
      length += text.length;
      if (waiting.length >= LINES_AT_ONCE || length >= MAX_LINE_BYTES) yield* readWaiting();
    }
  }
  yield* readWaiting();
}

/** Lines that stand for one record, and the number of the first. */
interface Text {
  line: number;
  text: string;
}

/** What a parser needs to begin costs it more than a line. */
const LINES_AT_ONCE = 100;

function readTexts(texts: readonly Text[], header: Header): FeedRecord[] {
  const parsed = parseTogether(
    texts.filter(({ text }) => text.includes('"')),
    header.delimiter,
  );
  if (!parsed) return texts.flatMap(({ line, text }) => readRecords(line, text, header));
  const cells = parsed.values();
  return texts.map(({ line, text }) =>
    readRecord(line, text.includes('"') ? cells.next().value! : text.split(header.delimiter), header),
  );
}

/** Undefined when they do not make one record each: then each is looked at by itself, and spoils nothing but itself. */
function parseTogether(texts: readonly Text[], delimiter: string): string[][] | undefined {
  const together = texts.map(({ text }) => text).join('\n');
  // What ends a record is found out from the first of them, and must not be found otherwise than in each.
  if (together.includes('\r') || texts.some(({ text }) => text.length > MAX_LINE_BYTES)) return undefined;
  try {
    const records = parse(together, { delimiter, relax_column_count: true }) as string[][];
    return records.length === texts.length ? records : undefined;
  } catch {
    return undefined;
  }
}

interface Header {
  delimiter: string;
  columns: string[];
}

function readHeader(text: string): Header {
  const delimiter = DELIMITERS.toSorted((a, b) => text.split(b).length - text.split(a).length)[0]!;
  const columns = headerCells(text, delimiter).map(
    (name) => KNOWN_COLUMNS.get(name.trim().toLowerCase()) ?? name.trim(),
  );
  if (columns.length > MAX_COLUMNS) throw new UnreadableFeedError(`The table has more than ${MAX_COLUMNS} columns.`);
  if (!columns.includes('title') && !columns.includes('name')) {
    throw new UnreadableFeedError('The first line names no column "title" or "name".');
  }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw new UnreadableFeedError(`The column "${twice.slice(0, 40)}" stands twice.`);
  return { delimiter, columns };
}

/** Lines that were taken for one record and are no CSV stand each for itself: a stray quote spoils its own line only. */
function readRecords(line: number, text: string, header: Header): FeedRecord[] {
  try {
    return [readRecord(line, cellsOf(text, header.delimiter), header)];
  } catch (error) {
    const lines = text.split('\n');
    if (lines.length > 1) {
      return lines.flatMap((part, index) => (part === '' ? [] : readRecords(line + index, part, header)));
    }
    return [{ line, problem: `The line is no CSV: ${reasonOf(error)}` }];
  }
}

function readRecord(line: number, cells: readonly string[], { columns }: Header): FeedRecord {
  if (cells.length !== columns.length) {
    return { line, problem: `The line has ${cells.length} cells, the header has ${columns.length}.` };
  }
  const record: Record<string, unknown> = {};
  const attributes: Record<string, string> = {};
  for (const [index, name] of columns.entries()) {
    const value = cells[index]!.trim();
    const key = ATTRIBUTE_COLUMN.exec(name)?.[1];
    if (value === '') continue;
    // Defined, not assigned: a column may be called __proto__, which the row's own check then refuses.
    if (key === undefined) Object.defineProperty(record, name, { value, enumerable: true });
    else Object.defineProperty(attributes, key, { value, enumerable: true });
  }
  if (Object.keys(attributes).length > 0) record['attributes'] ??= attributes;
  return { line, record };
}

function headerCells(text: string, delimiter: string): string[] {
  try {
    return cellsOf(text, delimiter);
  } catch (error) {
    throw new UnreadableFeedError(`The header is no CSV: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Most lines have no quote, and then a parser has nothing to do that takes fifty times as long. */
function cellsOf(text: string, delimiter: string): string[] {
  if (!text.includes('"')) return text.split(delimiter);
  const [cells = []] = parse(text, { delimiter, relax_column_count: true }) as string[][];
  return cells;
}

/**
 * Joins lines as long as a quoted cell is open, up to the length of one line.
 * A text of several lines is named after its first.
 */
async function* joinQuotedLines(
  lines: AsyncIterable<FeedLine>,
  delimiterOf: () => string | undefined,
): AsyncGenerator<FeedLine> {
  let open: { line: number; text: string } | undefined;
  for await (const { line, text: raw, problem } of lines) {
    if (raw === undefined) {
      if (open) yield open;
      open = undefined;
      yield { line, problem };
      continue;
    }
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const isOpen = endsInsideQuotes(text, delimiterOf(), open !== undefined);
    open = open ? { line: open.line, text: `${open.text}\n${text}` } : { line, text };
    if (isOpen && open.text.length <= MAX_LINE_BYTES) continue;
    yield open;
    open = undefined;
  }
  if (open) yield open;
}

/** Whether a cell that began with a quote, in this line or before it, is still open at the end. */
function endsInsideQuotes(text: string, delimiter: string | undefined, wasInside: boolean): boolean {
  if (!text.includes('"')) return wasInside;
  let isInside = wasInside;
  let isAtStart = !wasInside;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]!;
    if (isInside) {
      if (letter !== '"') continue;
      if (text[at + 1] === '"') at += 1;
      else isInside = false;
    } else if (letter === '"' && isAtStart) {
      isInside = true;
      isAtStart = false;
    } else {
      isAtStart = delimiter === undefined ? DELIMITERS.includes(letter) : letter === delimiter;
    }
  }
  return isInside;
}
