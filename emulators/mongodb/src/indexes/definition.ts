import { isNumeric, toNumber } from '../bson/numeric.ts';
import { splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import { isTruthy } from '../expression/truth.ts';
import { compileFilter } from '../query/matcher.ts';

export interface IndexField {
  path: string;
  parts: string[];
  direction: 1 | -1;
}

export interface IndexDefinition {
  name: string;
  /** As the client wrote it, for `listIndexes` and error messages. */
  key: Doc;
  fields: IndexField[];
  isUnique: boolean;
  isSparse: boolean;
  partialFilter?: Doc;
  expireAfterSeconds?: number;
}

const MAX_FIELDS = 32;
const MAX_NAME = 255;
/** TTL values beyond this are refused by the server. */
const MAX_EXPIRY = 2_147_483_647;

/** What may stand in an index specification; everything else is refused rather than ignored. */
const ALLOWED_OPTIONS = new Set([
  ...[
    'key',
    'name',
    'unique',
    'sparse',
    'partialFilterExpression',
    'expireAfterSeconds',
    'background',
    'v',
    'ns',
    'hidden',
  ],
]);

export function parseIndex(spec: Value): IndexDefinition {
  if (!isDoc(spec)) throw new CommandError('TypeMismatch', 'an index specification must be an object');
  for (const option of Object.keys(spec)) {
    if (!ALLOWED_OPTIONS.has(option)) throw refuse(`the index option '${option}'`);
  }
  if (spec.hidden !== undefined && isTruthy(spec.hidden)) throw refuse('a hidden index');
  const key = spec.key;
  if (!isDoc(key) || Object.keys(key).length === 0)
    throw new CommandError('CannotCreateIndex', 'Index keys cannot be an empty object');
  const fields = Object.entries(key).map(([path, kind]) => parseField(path, kind));
  if (fields.length > MAX_FIELDS)
    throw new CommandError('CannotCreateIndex', `too many index fields, at most ${MAX_FIELDS}`);
  const name = spec.name ?? fields.map(({ path, direction }) => `${path}_${direction}`).join('_');
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) {
    throw new CommandError('CannotCreateIndex', 'the index name must be a string of 1 to 255 characters');
  }
  return {
    name,
    key,
    fields,
    isUnique: isTruthy(spec.unique),
    isSparse: isTruthy(spec.sparse),
    partialFilter: parsePartial(spec.partialFilterExpression, isTruthy(spec.sparse)),
    expireAfterSeconds: parseExpiry(spec.expireAfterSeconds, fields),
  };
}

export const ID_INDEX: IndexDefinition = {
  name: '_id_',
  key: { _id: 1 },
  fields: [{ path: '_id', parts: ['_id'], direction: 1 }],
  // Uniqueness of `_id` is kept by the collection itself, which finds documents by it.
  isUnique: false,
  isSparse: false,
};

export function toSpec(definition: IndexDefinition): Doc {
  const spec: Doc = { v: 2, key: definition.key, name: definition.name };
  if (definition.isUnique) spec.unique = true;
  if (definition.isSparse) spec.sparse = true;
  if (definition.partialFilter) spec.partialFilterExpression = definition.partialFilter;
  if (definition.expireAfterSeconds !== undefined) spec.expireAfterSeconds = definition.expireAfterSeconds;
  return spec;
}

function parseField(path: string, kind: Value): IndexField {
  if (typeof kind === 'string') throw refuse(`an index of kind '${kind}'`);
  if (!isNumeric(kind) || toNumber(kind) === 0 || Number.isNaN(toNumber(kind))) {
    throw new CommandError('CannotCreateIndex', `Values in the index key pattern cannot be ${String(kind)}`);
  }
  const parts = splitPath(path);
  if (parts.includes('')) throw new CommandError('CannotCreateIndex', 'Index keys cannot contain an empty field');
  if (parts.some((part) => part.startsWith('$'))) throw refuse(`the index field '${path}'`, 'CannotCreateIndex');
  return { path, parts, direction: toNumber(kind) > 0 ? 1 : -1 };
}

function parsePartial(filter: Value | undefined, isSparse: boolean): Doc | undefined {
  if (filter === undefined) return undefined;
  if (!isDoc(filter)) throw new CommandError('CannotCreateIndex', 'partialFilterExpression must be an object');
  if (isSparse)
    throw new CommandError('CannotCreateIndex', 'cannot mix "partialFilterExpression" and "sparse" options');
  compileFilter(filter);
  return filter;
}

function parseExpiry(seconds: Value | undefined, fields: IndexField[]): number | undefined {
  if (seconds === undefined) return undefined;
  const value = isNumeric(seconds) ? toNumber(seconds) : NaN;
  if (!(value >= 0 && value <= MAX_EXPIRY)) {
    throw new CommandError(
      'CannotCreateIndex',
      `TTL index 'expireAfterSeconds' option must be within 0 and ${MAX_EXPIRY}`,
    );
  }
  if (fields.length > 1)
    throw new CommandError(
      'CannotCreateIndex',
      'TTL indexes are single-field indexes, compound indexes do not support TTL',
    );
  if (fields[0]?.path === '_id')
    throw new CommandError('CannotCreateIndex', "The field 'expireAfterSeconds' is not valid for an _id index");
  return value;
}
