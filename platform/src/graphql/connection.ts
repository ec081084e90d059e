import { badUserInput } from './errors.ts';

/** No page is larger than this, whatever a client asks for. */
export const MAX_PAGE_SIZE = 100;
export const DEFAULT_PAGE_SIZE = 20;

/** The last key of the page before: enough for `where (a, b) > (x, y)`, never an offset. */
export type CursorKey = readonly (string | number)[];

export interface PageRequest {
  limit: number;
  after?: CursorKey;
}

export interface Connection<T> {
  edges: { cursor: string; node: T }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

/** Checks `first` and `after` of a connection field. `arity` is the number of parts the cursor must have. */
export function pageRequest(
  args: { first?: number | null; after?: string | null },
  { arity, defaultSize = DEFAULT_PAGE_SIZE }: { arity: number; defaultSize?: number },
): PageRequest {
  const limit = args.first ?? defaultSize;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_SIZE) {
    throw badUserInput(`first must be from 1 to ${MAX_PAGE_SIZE}.`);
  }
  return args.after ? { limit, after: decodeCursor(args.after, arity) } : { limit };
}

/** `rows` holds up to `limit + 1` rows: the extra one only tells that there is a next page. */
export function toConnection<Row, Node>(
  rows: readonly Row[],
  page: PageRequest,
  { key, node }: { key(row: Row): CursorKey; node(row: Row): Node },
): Connection<Node> {
  const edges = rows.slice(0, page.limit).map((row) => ({ cursor: encodeCursor(key(row)), node: node(row) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > page.limit,
      hasPreviousPage: page.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

export function encodeCursor(key: CursorKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function decodeCursor(cursor: string, arity: number): CursorKey {
  try {
    if (cursor.length > 1_024) throw new RangeError('too long');
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (isCursorKey(key) && key.length === arity) return key;
  } catch {
    // Falls through: whatever is wrong with it, the answer is the same.
  }
  throw notACursor();
}

/** A part of a cursor's key that must be a whole number: a cursor comes from a client, who can write any. */
export function wholeNumber(part: string | number | undefined): number {
  const number = Number(part);
  if (!Number.isSafeInteger(number)) throw notACursor();
  return number;
}

function notACursor(): Error {
  return badUserInput('after is not a cursor of this list.');
}

function isCursorKey(value: unknown): value is CursorKey {
  // PostgreSQL has no place for the character U+0000, and no list of ours has it in a key.
  const isPart = (part: unknown) => (typeof part === 'string' ? !part.includes('\0') : typeof part === 'number');
  return Array.isArray(value) && value.every(isPart);
}
