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
export async function* readCsv(pieces: AsyncIterable<FeedLine[]>): AsyncGenerator<FeedRecord[]> {
  let header: Header | undefined;
  const joined = quotedLines(() => header?.delimiter);
  const recordsOf = ({ line, text, problem }: FeedLine): FeedRecord | readonly FeedRecord[] => {
    if (text === '') return NO_RECORDS;
    if (!header) {
      if (text === undefined) throw new UnreadableFeedError(`The header cannot be read: ${problem}`);
      header = readHeader(text);
      return NO_RECORDS;
    }
    if (text === undefined) return { line, problem: problem! };
    const cells = plainCells(text, header.delimiter);
    return cells ? readRecord(line, cells, header) : readRecords(line, text, header);
  };
  for await (const lines of pieces) yield lines.flatMap((line) => joined.take(line).flatMap(recordsOf));
  yield joined.rest().flatMap(recordsOf);
}

const NO_RECORDS: readonly FeedRecord[] = [];

interface Column {
  name: string;
  /** Of an attribute that has a column of its own. */
  attribute: string | undefined;
}

interface Header {
  delimiter: string;
  columns: readonly Column[];
}

/**
 * The cells of a record in which every quote is where it belongs: around a cell, or doubled in one. Undefined for
 * whatever else there may be, which is left to a parser that knows more and takes fifty times as long.
 */
function plainCells(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter);
  if (text.includes('\r')) return undefined;
  const cells: string[] = [];
  for (let at = 0; ;) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? closingQuote(text, at) : cellEnd(text, at, delimiter);
    const cell = text.slice(isQuoted ? at + 1 : at, end);
    const next = isQuoted ? end + 1 : end;
    if (next < text.length && text[next] !== delimiter) return undefined;
    if (isQuoted ? end === text.length : /["\n]/.test(cell)) return undefined;
    cells.push(isQuoted && cell.includes('"') ? cell.replaceAll('""', '"') : cell);
    if (next >= text.length) return cells;
    at = next + 1;
  }
}

/** Of the cell that begins with the quote at `from`; the end of the text when it is never closed. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at < 0 ? text.length : at;
}

function cellEnd(text: string, from: number, delimiter: string): number {
  const at = text.indexOf(delimiter, from);
  return at < 0 ? text.length : at;
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
  return { delimiter, columns: columns.map((name) => ({ name, attribute: ATTRIBUTE_COLUMN.exec(name)?.[1] })) };
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
  let hasAttributes = false;
  for (let at = 0; at < columns.length; at += 1) {
    const value = cells[at]!.trim();
    if (value === '') continue;
    const { name, attribute } = columns[at]!;
    if (attribute === undefined) put(record, name, value);
    else put(attributes, attribute, value);
    hasAttributes ||= attribute !== undefined;
  }
  if (hasAttributes) record['attributes'] ??= attributes;
  return { line, record };
}

/** A column may be called __proto__, which the row's own check then refuses: it is defined, not assigned. */
function put(record: Record<string, unknown>, name: string, value: string): void {
  if (name === '__proto__') Object.defineProperty(record, name, { value, enumerable: true });
  else record[name] = value;
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

function cellsOf(text: string, delimiter: string): string[] {
  if (!text.includes('"')) return text.split(delimiter);
  const [cells = []] = parse(text, { delimiter, relax_column_count: true }) as string[][];
  return cells;
}

/**
 * Joins lines as long as a quoted cell is open, up to the length of one line.
 * A text of several lines is named after its first. `rest` is what was open when the lines ended.
 */
function quotedLines(delimiterOf: () => string | undefined) {
  let open: { line: number; text: string } | undefined;
  const rest = (): FeedLine[] => {
    const lines = open ? [open] : [];
    open = undefined;
    return lines;
  };
  return {
    rest,
    take({ line, text: raw, problem }: FeedLine): FeedLine[] {
      if (raw === undefined) return [...rest(), { line, problem }];
      const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      const isOpen = endsInsideQuotes(text, delimiterOf(), open !== undefined);
      open = open ? { line: open.line, text: `${open.text}\n${text}` } : { line, text };
      return isOpen && open.text.length <= MAX_LINE_BYTES ? [] : rest();
    },
  };
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
