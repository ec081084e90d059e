import { badRequest } from '../http/api-error.ts';
import { type Field, isArray } from './field.ts';

export type StoredDocument = { id: string } & Record<string, unknown>;

export type DirtyValues = 'coerce_or_reject' | 'coerce_or_drop' | 'drop' | 'reject';

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;

/** Marks a value that fits its field in no way. */
const MISFIT = Symbol('misfit');

/**
 * Checks a whole document against the fields and returns it with its values coerced as `dirty_values` allows. Keys
 * outside the schema are stored and not looked at.
 */
export function checkDocument(input: {
  document: Record<string, unknown>;
  fields: readonly Field[];
  dirtyValues: DirtyValues;
}): Record<string, unknown> {
  const checked: Record<string, unknown> = { ...input.document };
  for (const field of input.fields) {
    const value = checked[field.name];
    if (value === undefined || value === null) {
      if (field.optional) {
        if (value === null) delete checked[field.name];
        continue;
      }
      throw badRequest(`Field \`${field.name}\` has been declared in the schema, but is not found in the document.`);
    }
    if (!field.index) continue;
    const fitted = fit(field, value, input.dirtyValues);
    if (fitted === undefined) delete checked[field.name];
    else checked[field.name] = fitted;
  }
  return checked;
}

function fit(field: Field, value: unknown, dirtyValues: DirtyValues): unknown {
  const mayDrop = field.optional && (dirtyValues === 'drop' || dirtyValues === 'coerce_or_drop');
  const coerce = dirtyValues === 'coerce_or_reject' || dirtyValues === 'coerce_or_drop';
  if (field.type === 'geopoint') return fitPoint(field, value, { mayDrop, coerce });
  const type = field.type.replace('[]', '');
  if (!isArray(field)) {
    const fitted = fitScalar(type, field, value, coerce);
    if (fitted !== MISFIT) return fitted;
    if (mayDrop) return undefined;
    throw misfit(field, false);
  }
  if (!Array.isArray(value)) {
    if (mayDrop) return undefined;
    throw badRequest(`Field \`${field.name}\` must be an array.`);
  }
  const items: unknown[] = [];
  for (const item of value) {
    const fitted = fitScalar(type, field, item, coerce);
    if (fitted !== MISFIT) items.push(fitted);
    else if (!mayDrop) throw misfit(field, true);
  }
  if (field.numDim !== undefined && items.length !== field.numDim) {
    if (mayDrop) return undefined;
    throw badRequest(`Field \`${field.name}\` must have ${field.numDim} dimensions.`);
  }
  return items;
}

/** `type` is that of one value of the field. */
function fitScalar(type: string, field: Field, value: unknown, coerce: boolean): unknown {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value;
      return coerce && (typeof value === 'number' || typeof value === 'boolean') ? String(value) : MISFIT;
    case 'bool':
      return fitBoolean(value, coerce);
    case 'float':
      if (typeof value === 'number') return value;
      return coerce ? toNumber(value) : MISFIT;
    default:
      return fitInteger(field, value, coerce);
  }
}

function fitBoolean(value: unknown, coerce: boolean): unknown {
  if (typeof value === 'boolean') return value;
  if (!coerce) return MISFIT;
  if (value === 1 || value === '1' || (typeof value === 'string' && value.toLowerCase() === 'true')) return true;
  if (value === 0 || value === '0' || (typeof value === 'string' && value.toLowerCase() === 'false')) return false;
  return MISFIT;
}

function fitInteger(field: Field, value: unknown, coerce: boolean): unknown {
  let number = value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    if (!coerce) return MISFIT;
    number = toNumber(value);
    if (typeof number !== 'number') return MISFIT;
    // A string must be an integer as it stands; a JSON float is cut off.
    if (!Number.isInteger(number)) {
      if (typeof value !== 'number') return MISFIT;
      number = Math.trunc(number);
    }
  }
  const integer = number as number;
  if (field.type.startsWith('int32') && (integer > INT32_MAX || integer < INT32_MIN)) {
    throw badRequest(`Field \`${field.name}\` exceeds maximum value of int32.`);
  }
  // JSON numbers are doubles here: an int64 above 2^53 would be stored as another number.
  if (!Number.isSafeInteger(integer)) throw badRequest(`Field \`${field.name}\` exceeds maximum value of int64.`);
  return integer;
}

function toNumber(value: unknown): number | typeof MISFIT {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value.trim())) return MISFIT;
  return Number(value);
}

function fitPoint(field: Field, value: unknown, how: { mayDrop: boolean; coerce: boolean }): unknown {
  if (!Array.isArray(value) || value.length !== 2) {
    if (how.mayDrop) return undefined;
    throw badRequest(`Field \`${field.name}\` must be a 2 element array: [lat, lng].`);
  }
  const point = value.map((part) => (typeof part === 'number' ? part : how.coerce ? toNumber(part) : MISFIT));
  const [lat, lng] = point;
  if (typeof lat === 'number' && typeof lng === 'number' && Math.abs(lat) <= 90 && Math.abs(lng) <= 180) return point;
  if (how.mayDrop) return undefined;
  throw badRequest(`Field \`${field.name}\` must be a valid geopoint: [lat, lng].`);
}

function misfit(field: Field, inArray: boolean): Error {
  const type = field.type.replace('[]', '');
  const article = inArray ? 'an array of' : type.startsWith('int') ? 'an' : 'a';
  return badRequest(`Field \`${field.name}\` must be ${article} ${type}.`);
}
