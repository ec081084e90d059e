import { keyString } from '../bson/key-string.ts';
import { resolveExpressionPath, splitPath } from '../bson/paths.ts';
import { type Doc, type Maybe, type Value } from '../bson/value.ts';
import { DEFAULT_FIRST_BATCH, type Rows, rowsOf, takeBatch } from '../cursors/batch.ts';
import { encodeShape, type Shape } from '../cursors/kept-encodings.ts';
import { CommandError } from '../errors.ts';
import { findDocuments, type FindRequest, type FindResult, type Found } from '../query/find-documents.ts';
import { compileFilter } from '../query/matcher.ts';
import { compileProjection, plainProjection } from '../query/projection.ts';
import { parseSort } from '../query/sort.ts';
import type { Reply } from '../wire/reply.ts';
import { type CommandContext, type CommandTable, ok, target } from './command.ts';
import { countOption, docOption, flagOption, stringOption } from './options.ts';

const FIND_OPTIONS = [
  ...['filter', 'sort', 'projection', 'hint', 'skip', 'limit', 'batchSize', 'singleBatch', 'let', 'collation'],
  ...['allowDiskUse', 'allowPartialResults', 'noCursorTimeout'],
];

export const readCommands: CommandTable = {
  find: { options: FIND_OPTIONS, access: 'database', inTransaction: true, run: find },
  count: { options: ['query', 'limit', 'skip', 'hint', 'collation', 'fields'], access: 'database', run: count },
  distinct: { options: ['key', 'query', 'hint', 'collation'], access: 'database', inTransaction: true, run: distinct },
};

/** What a `find` or `count` command asks for, as a read. */
export function findRequestOf(body: Doc): FindRequest {
  const sort = docOption(body, 'sort');
  if (sort) parseSort(sort);
  const limit = countOption(body, 'limit');
  return {
    filter: docOption(body, 'filter') ?? docOption(body, 'query') ?? {},
    sort,
    skip: countOption(body, 'skip'),
    limit: limit === 0 ? undefined : limit,
    hint: body.hint,
  };
}

/** Reads a collection as the command's reader sees it; one that does not exist is empty, but its filter is checked. */
export function readCollection(context: CommandContext, name: string, request: FindRequest): FindResult {
  const { server, database, read } = context;
  const withVariables = { ...request, variables: request.variables ?? context.variables };
  const collection = server.store.catalog.find(database, name);
  if (!collection) {
    compileFilter(request.filter, { variables: withVariables.variables });
    return {
      found: [],
      plan: { kind: 'collection' },
      counts: { keysExamined: 0, docsExamined: 0 },
      isSortedInMemory: false,
    };
  }
  const result = findDocuments(collection, withVariables, read);
  server.stats.docsExamined += result.counts.docsExamined;
  server.stats.keysExamined += result.counts.keysExamined;
  return result;
}

/** Documents as they are stored. */
const WHOLE: Shape = {};

function find(context: CommandContext): Reply {
  const { body, variables, server } = context;
  const name = stringOption(body, context.name);
  const projection = docOption(body, 'projection') ?? {};
  const isWhole = Object.keys(projection).length === 0;
  const shape = isWhole ? WHOLE : plainProjection(projection);
  const options = { name, isSingleBatch: flagOption(body, 'singleBatch'), batchSize: countOption(body, 'batchSize') };
  const request = findRequestOf(body);
  if (shape) {
    const { found } = readCollection(context, name, request);
    // Large results are read once.
    const isKept = found.length <= DEFAULT_FIRST_BATCH;
    const encode = (at: number) => {
      const { doc, record } = found[at] as Found;
      // A transaction sees its own writes, and a later batch what was found for the first.
      return isKept && record?.doc === doc ? server.encodings.encode(record, shape) : encodeShape(doc, shape);
    };
    return cursorReply(context, { rows: { length: found.length, encode }, ...options });
  }
  const project = compileProjection(projection, { variables, style: 'find' });
  const withPosition = Object.keys(projection).some((path) => path.endsWith('.$'));
  const { found } = readCollection(context, name, { ...request, withPosition });
  return cursorReply(context, { rows: rowsOf(found.map(({ doc, position }) => project(doc, position))), ...options });
}

export interface CursorResult {
  /** Collection named in the cursor's namespace. */
  name: string;
  rows: Rows;
  batchSize?: number;
  isSingleBatch?: boolean;
}

/** The first batch, and an open cursor when that was not all. */
export function cursorReply(
  context: CommandContext,
  { name, rows, batchSize = DEFAULT_FIRST_BATCH, isSingleBatch = false }: CursorResult,
): Reply {
  const { server, database, username, transaction, body } = context;
  const namespace = `${database}.${name}`;
  const rest = { rows, position: 0 };
  const batch = takeBatch(rest, batchSize);
  let cursorId = 0;
  if (rest.position < rows.length && !isSingleBatch) {
    const neverExpires = flagOption(body, 'noCursorTimeout');
    cursorId = server.cursors.open({ namespace, username, transaction, neverExpires, ...rest }).id;
  }
  return { fields: { ok: 1 }, cursor: { batchName: 'firstBatch', batch, cursorId, namespace } };
}

function count(context: CommandContext): Reply {
  const { found } = readCollection(context, stringOption(context.body, context.name), findRequestOf(context.body));
  return ok({ n: found.length });
}

function distinct(context: CommandContext): Reply {
  const { body } = context;
  const key = stringOption(body, 'key');
  if (key.startsWith('$')) throw new CommandError('BadValue', 'the key of distinct may not begin with $');
  const { found } = readCollection(context, String(target(context)), findRequestOf(body));
  const parts = splitPath(key);
  const [texts, others] = [new Set<string>(), new Set<string>()];
  const values: Value[] = [];
  const note = (value: Maybe) => {
    if (value === undefined) return;
    const isText = typeof value === 'string';
    const [known, key] = isText ? [texts, value] : [others, keyString(value)];
    if (known.has(key)) return;
    known.add(key);
    values.push(value);
  };
  for (const { doc } of found) {
    const value = resolveExpressionPath(doc, parts);
    if (Array.isArray(value)) for (const item of value.flat()) note(item);
    else note(value);
  }
  return ok({ values });
}
