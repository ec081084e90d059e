import { invalidRequest } from '../api-error.ts';
import type { FormHash, FormValue } from './form.ts';

/** One parameter an endpoint knows: how its text is read, and whether it may be missing. */
export interface Param<T, R extends boolean = boolean> {
  readonly required: R;
  read(value: FormValue, name: string): T;
}

export type Shape = Record<string, Param<unknown>>;

export type Parsed<S extends Shape> = {
  [K in keyof S]: S[K] extends Param<infer T, true> ? T : S[K] extends Param<infer T> ? T | undefined : never;
};

/** Reads a form by a shape. A parameter the shape does not name is refused: ignoring one would hide a difference. */
export function readParams<S extends Shape>(shape: S, form: FormHash, prefix = ''): Parsed<S> {
  for (const key of Object.keys(form)) {
    if (Object.hasOwn(shape, key)) continue;
    const param = nameIn(prefix, key).slice(0, 100);
    throw invalidRequest(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
  }
  const parsed: Record<string, unknown> = {};
  for (const [key, param] of Object.entries(shape)) {
    const name = nameIn(prefix, key);
    const value = form[key];
    if (value !== undefined) parsed[key] = param.read(value, name);
    else if (param.required) {
      throw invalidRequest(`Missing required param: ${name}.`, { code: 'parameter_missing', param: name });
    }
  }
  return parsed as Parsed<S>;
}

export function required<T>(param: Param<T>): Param<T, true> {
  return { required: true, read: (value, name) => param.read(value, name) };
}

/** Empty text unsets the field. */
export function emptyable<T>(param: Param<T>): Param<T | null, false> {
  return optional((value, name) => (value === '' ? null : param.read(value, name)));
}

export function text({ max = 5_000 } = {}): Param<string, false> {
  return optional((value, name) => {
    const read = scalar(value, name);
    if (read.length > max) {
      throw invalidRequest(`Invalid ${name}: must be at most ${max} characters`, {
        code: 'parameter_invalid_string_too_long',
        param: name,
      });
    }
    return read;
  });
}

export function integer({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}): Param<number, false> {
  return optional((value, name) => {
    const read = scalar(value, name);
    const refuse = (message: string) => invalidRequest(message, { code: 'parameter_invalid_integer', param: name });
    const number = Number(read);
    if (!/^-?\d{1,15}$/.test(read) || !Number.isSafeInteger(number)) {
      throw refuse(`Invalid integer: ${read.slice(0, 50)}`);
    }
    if (number < min) throw refuse(`This value must be greater than or equal to ${min}.`);
    if (number > max) throw refuse(`This value must be less than or equal to ${max}.`);
    return number;
  });
}

export function flag(): Param<boolean, false> {
  return optional((value, name) => {
    const read = scalar(value, name);
    if (read === 'true' || read === '1') return true;
    if (read === 'false' || read === '0') return false;
    throw invalidRequest(`Invalid boolean: ${read.slice(0, 50)}`, { param: name });
  });
}

export function oneOf<const T extends string>(values: readonly T[]): Param<T, false> {
  return optional((value, name) => {
    const read = scalar(value, name);
    const found = values.find((candidate) => candidate === read);
    if (found !== undefined) return found;
    const choices = values.length > 1 ? `${values.slice(0, -1).join(', ')}, or ${values.at(-1)}` : values[0];
    throw invalidRequest(`Invalid ${name}: must be one of ${choices}`, { param: name });
  });
}

export function hash<S extends Shape>(shape: S): Param<Parsed<S>, false> {
  return optional((value, name) => {
    if (typeof value === 'string') throw invalidRequest('Invalid object', { param: name });
    return readParams(shape, value, name);
  });
}

export function listOf<T>(item: Param<T>, { max = 100 } = {}): Param<T[], false> {
  return optional((value, name) => {
    if (typeof value === 'string') throw invalidRequest('Invalid array', { param: name });
    const entries = Object.entries(value).toSorted(([a], [b]) => Number(a) - Number(b));
    if (entries.some(([key]) => !/^\d+$/.test(key))) throw invalidRequest('Invalid array', { param: name });
    if (entries.length > max) throw invalidRequest(`Array too long: at most ${max} items.`, { param: name });
    return entries.map(([key, entry]) => item.read(entry, `${name}[${key}]`));
  });
}

export function currency(): Param<string, false> {
  return optional((value, name) => {
    const read = scalar(value, name).toLowerCase();
    if (Intl.supportedValuesOf('currency').includes(read.toUpperCase())) return read;
    throw invalidRequest(`Invalid currency: ${read.slice(0, 20)}.`, { param: name });
  });
}

/** `created` in a list: a moment, or a range of them. */
export interface TimeRange {
  gt?: number;
  gte?: number;
  lt?: number;
  lte?: number;
}

export function timeRange(): Param<TimeRange, false> {
  const range = hash({ gt: integer(), gte: integer(), lt: integer(), lte: integer() });
  const moment = integer();
  return optional((value, name) => {
    if (typeof value !== 'string') return range.read(value, name);
    const at = moment.read(value, name);
    return { gte: at, lte: at };
  });
}

/** A parameter of older API versions: known, and refused by its own code. */
export function removed({ code, message }: { code: string; message: string }): Param<undefined, false> {
  return optional((_value, name) => {
    throw invalidRequest(message, { code, param: name });
  });
}

export function optional<T>(read: (value: FormValue, name: string) => T): Param<T, false> {
  return { required: false, read };
}

export function scalar(value: FormValue, name: string): string {
  if (typeof value !== 'string') throw invalidRequest('Invalid string: expected a value, not a hash.', { param: name });
  if (value !== '') return value;
  throw invalidRequest(
    `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a field; however ` +
      `'${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`,
    { code: 'parameter_invalid_empty', param: name },
  );
}

function nameIn(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}[${key}]`;
}
