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
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * Turns lines into records, the first of them being the header. A quoted cell
 * may span lines; a quote that is never closed spoils its own line only.
 */
export async function* readCsv(lines: AsyncIterable<FeedLine>): AsyncGenerator<FeedRecord> {
  let header: Header | undefined;
  for await (const { line, text, problem } of joinQuotedLines(lines, () => header?.delimiter)) {
    if (text === '') continue;
    if (!header) {
      if (text === undefined) throw new UnreadableFeedError(`The header cannot be read: ${problem}`);
      header = readHeader(text);
    } else if (text === undefined) {
      yield { line, problem: problem! };
    } else {
      yield readRecord(line, text, header);
    }
  }
}

interface Header {
  delimiter: string;
  columns: string[];
}

function readHeader(text: string): Header {
  const delimiter = DELIMITERS.toSorted((a, b) => text.split(b).length - text.split(a).length)[0]!;
  const columns = cellsOf(text, delimiter).map((name) => KNOWN_COLUMNS.get(name.trim().toLowerCase()) ?? name.trim());
  if (columns.length > MAX_COLUMNS) throw new UnreadableFeedError(`The table has more than ${MAX_COLUMNS} columns.`);
  if (!columns.includes('title') && !columns.includes('name')) {
    throw new UnreadableFeedError('The first line names no column "title" or "name".');
  }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw new UnreadableFeedError(`The column "${twice.slice(0, 40)}" stands twice.`);
  return { delimiter, columns };
}

function readRecord(line: number, text: string, { delimiter, columns }: Header): FeedRecord {
  let cells: string[];
  try {
    cells = cellsOf(text, delimiter);
  } catch (error) {
    return { line, problem: `The line is no CSV: ${error instanceof Error ? error.message : String(error)}` };
  }
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

function cellsOf(text: string, delimiter: string): string[] {
  const [cells = []] = parse(text, { delimiter, relax_column_count: true }) as string[][];
  return cells;
}

/** Records that span lines as one text each, named after the line they begin on. */
async function* joinQuotedLines(
  lines: AsyncIterable<FeedLine>,
  delimiterOf: () => string | undefined,
): AsyncGenerator<FeedLine> {
  let open: { line: number; text: string }[] = [];
  let length = 0;
  for await (const { line, text: raw, problem } of lines) {
    if (raw === undefined) {
      yield* oneByOne(open, delimiterOf());
      open = [];
      yield { line, problem };
      continue;
    }
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const isOpen = endsInsideQuotes(text, delimiterOf(), open.length > 0);
    if (open.length === 0 && !isOpen) {
      yield { line, text };
      continue;
    }
    length = open.length === 0 ? text.length : length + 1 + text.length;
    open.push({ line, text });
    if (isOpen && length <= MAX_LINE_BYTES) continue;
    if (isOpen) yield* oneByOne(open, delimiterOf());
    else yield { line: open[0]!.line, text: open.map((part) => part.text).join('\n') };
    open = [];
  }
  yield* oneByOne(open, delimiterOf());
}

/** What was taken for the inside of a cell, when the cell has no end: each line stands for itself again. */
function* oneByOne(
  lines: readonly { line: number; text: string }[],
  delimiter: string | undefined,
): Generator<FeedLine> {
  for (const { line, text } of lines) {
    const isOpen = endsInsideQuotes(text, delimiter, false);
    yield isOpen ? { line, problem: 'A quoted cell is not closed.' } : { line, text };
  }
}

/** Whether a cell that began with a quote, in this line or before it, is still open at the end. */
function endsInsideQuotes(text: string, delimiter: string | undefined, wasInside: boolean): boolean {
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
