import { isNumeric, toNumber } from '../bson/numeric.ts';
import { type Doc, isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import { isTruthy } from '../expression/truth.ts';
import type { Command } from './command.ts';

/** Options every command takes, because the protocol or the driver adds them. */
const COMMON = new Set([
  ...['$db', '$readPreference', '$clusterTime', 'lsid', 'txnNumber', 'autocommit', 'startTransaction'],
  ...['readConcern', 'writeConcern', 'maxTimeMS', 'comment', 'apiVersion', 'apiStrict', 'apiDeprecationErrors'],
]);

/** Refuses what the command does not know, by name: an option is never ignored. */
export function assertOptions(name: string, body: Doc, command: Command): void {
  for (const option of Object.keys(body)) {
    if (option !== name && !COMMON.has(option))
      assertOption(name, { option, value: body[option] as Value, options: command.options });
  }
  assertApiVersion(body);
  assertReadConcern(body.readConcern);
  if (command.isWrite) assertWriteConcern(body.writeConcern);
}

/** The same for the parts of a command that are documents of their own, such as one update statement. */
export function assertFields(what: string, doc: Doc, options: readonly string[]): void {
  for (const option of Object.keys(doc)) assertOption(what, { option, value: doc[option] as Value, options });
}

function assertOption(
  what: string,
  { option, value, options }: { option: string; value: Value; options: readonly string[] },
): void {
  if (option === 'collation' && options.includes(option)) return assertCollation(value);
  if (options.includes(option)) return;
  // An option that is off asks for nothing.
  if (value === false && REFUSED_WHEN_ON.has(option)) return;
  throw new CommandError(
    'UnknownField',
    `BSON field '${what}.${option}' is an unknown field, or one the emulator does not support.`,
  );
}

const REFUSED_WHEN_ON = new Set([
  'returnKey',
  'showRecordId',
  'tailable',
  'awaitData',
  'oplogReplay',
  'capped',
  'explain',
]);

export function assertCollation(collation: Value): void {
  if (isDoc(collation) && collation.locale === 'simple') return;
  throw refuse("a collation other than { locale: 'simple' }");
}

function assertApiVersion({ apiVersion, apiStrict, apiDeprecationErrors }: Doc): void {
  if (apiVersion !== undefined && apiVersion !== '1') throw refuse(`API version ${String(apiVersion)}`);
  if (apiStrict === true || apiDeprecationErrors === true) throw refuse('apiStrict and apiDeprecationErrors');
}

/** On one node that acknowledges only what is in the file, all of these mean the same. */
const READ_LEVELS = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);

function assertReadConcern(concern: Maybe): void {
  if (concern === undefined) return;
  if (!isDoc(concern)) throw new CommandError('TypeMismatch', 'readConcern must be an object');
  assertFields('readConcern', concern, ['level', 'afterClusterTime']);
  if (concern.level !== undefined && !READ_LEVELS.has(concern.level as string)) {
    throw new CommandError('FailedToParse', `unknown read concern level '${String(concern.level)}'`);
  }
}

function assertWriteConcern(concern: Maybe): void {
  if (concern === undefined) return;
  if (!isDoc(concern)) throw new CommandError('TypeMismatch', 'writeConcern must be an object');
  assertFields('writeConcern', concern, ['w', 'j', 'wtimeout', 'fsync']);
  const { w } = concern;
  const isSatisfiable = w === undefined || w === 'majority' || (isNumeric(w) && toNumber(w) <= 1);
  if (!isSatisfiable)
    throw new CommandError('UnsatisfiableWriteConcern', 'Not enough data-bearing nodes: the emulator is one node');
}

export function stringOption(body: Doc, option: string): string {
  const value = body[option];
  if (typeof value === 'string' && value !== '') return value;
  throw new CommandError('InvalidNamespace', `'${option}' must be a non-empty string`);
}

export function docOption(body: Doc, option: string): Doc | undefined {
  const value = body[option];
  if (value === undefined || value === null) return undefined;
  if (isDoc(value)) return value;
  throw new CommandError('TypeMismatch', `BSON field '${option}' must be an object`);
}

export function arrayOption(body: Doc, option: string): Value[] {
  const value = body[option];
  if (Array.isArray(value)) return value;
  throw new CommandError('TypeMismatch', `BSON field '${option}' must be an array`);
}

export function docsOption(body: Doc, option: string): Doc[] {
  const value = arrayOption(body, option);
  if (value.every(isDoc)) return value;
  throw new CommandError('TypeMismatch', `BSON field '${option}' must be an array of objects`);
}

export function countOption(body: Doc, option: string): number | undefined {
  const value = body[option];
  if (value === undefined || value === null) return undefined;
  if (isNumeric(value) && Number.isSafeInteger(toNumber(value)) && toNumber(value) >= 0) return toNumber(value);
  throw new CommandError('BadValue', `BSON field '${option}' value must be a whole number >= 0`);
}

export function flagOption(body: Doc, option: string, otherwise = false): boolean {
  const value = body[option];
  return value === undefined ? otherwise : isTruthy(value);
}
