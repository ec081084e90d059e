import { BSONRegExp } from 'bson';
import { compareStrings } from '../bson/compare.ts';
import { toRegExp } from '../bson/regex.ts';
import { typeName } from '../bson/type-names.ts';
import type { Doc, Maybe, Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { whole } from './arrays.ts';
import { toText } from './conversion.ts';
import { between, fixed, named, type OperatorTable, variadic } from './evaluate.ts';
import { isNullish } from './truth.ts';

export const stringOperators: OperatorTable = {
  $concat: variadic((values) => {
    if (values.some(isNullish)) return null;
    return values.map((value) => text('$concat', value)).join('');
  }),
  $toLower: fixed('$toLower', 1, (value) => asciiCase(lenientText(value), /[A-Z]+/g, (part) => part.toLowerCase())),
  $toUpper: fixed('$toUpper', 1, (value) => asciiCase(lenientText(value), /[a-z]+/g, (part) => part.toUpperCase())),
  $strcasecmp: fixed('$strcasecmp', 2, (left, right) =>
    compareStrings(lenientText(left).toUpperCase(), lenientText(right).toUpperCase()),
  ),
  $strLenCP: fixed('$strLenCP', 1, (value) => [...text('$strLenCP', value)].length),
  $strLenBytes: fixed('$strLenBytes', 1, (value) => Buffer.byteLength(text('$strLenBytes', value))),
  $substrCP: fixed('$substrCP', 3, (value, start, length) => {
    const [from, size] = [whole('$substrCP', start), whole('$substrCP', length)];
    if (from < 0 || size < 0) throw new CommandError('BadValue', '$substrCP: start and length must be non-negative');
    return [...lenientText(value)].slice(from, from + size).join('');
  }),
  $substr: fixed('$substr', 3, (value, start, length) => substringOfBytes('$substr', value, start, length)),
  $substrBytes: fixed('$substrBytes', 3, (value, start, length) =>
    substringOfBytes('$substrBytes', value, start, length),
  ),
  $indexOfCP: between('$indexOfCP', 2, 4, (value, part, from = 0, to = undefined) => {
    if (isNullish(value)) return null;
    const points = [...text('$indexOfCP', value)];
    const [start, end] = [whole('$indexOfCP', from), to === undefined ? points.length : whole('$indexOfCP', to)];
    const window = points.slice(start, end).join('');
    const found = window.indexOf(text('$indexOfCP', part));
    return found < 0 ? -1 : start + [...window.slice(0, found)].length;
  }),
  $indexOfBytes: between('$indexOfBytes', 2, 4, (value, part, from = 0, to = undefined) => {
    if (isNullish(value)) return null;
    const bytes = Buffer.from(text('$indexOfBytes', value));
    const [start, end] = [whole('$indexOfBytes', from), to === undefined ? bytes.length : whole('$indexOfBytes', to)];
    const found = bytes.subarray(start, end).indexOf(text('$indexOfBytes', part));
    return found < 0 ? -1 : found + start;
  }),
  $split: fixed('$split', 2, (value, separator) => {
    if (isNullish(value) || isNullish(separator)) return null;
    if (separator === '') throw new CommandError('BadValue', '$split requires a non-empty separator');
    return text('$split', value).split(text('$split', separator));
  }),
  $trim: trimming('$trim', { left: true, right: true }),
  $ltrim: trimming('$ltrim', { left: true, right: false }),
  $rtrim: trimming('$rtrim', { left: false, right: true }),
  $replaceOne: replacing('$replaceOne', (input, find, replacement) => {
    const at = input.indexOf(find);
    return at < 0 ? input : input.slice(0, at) + replacement + input.slice(at + find.length);
  }),
  $replaceAll: replacing('$replaceAll', (input, find, replacement) =>
    find === '' ? input : input.split(find).join(replacement),
  ),
  $regexMatch: matching('$regexMatch', (input, regex) => regex.test(input), false),
  $regexFind: matching('$regexFind', (input, regex) => toMatch(input, regex.exec(input)), null),
  $regexFindAll: matching(
    '$regexFindAll',
    (input, regex) =>
      [...input.matchAll(new RegExp(regex.source, `${regex.flags}g`))].map((match) => toMatch(input, match)),
    [],
  ),
};

const BLANK = /^[\0\s\u1680\u2000-\u200a]$/;

function trimming(name: string, sides: { left: boolean; right: boolean }) {
  return named(name, { required: ['input'], optional: ['chars'] }, ({ input, chars }) => {
    if (isNullish(input) || chars === null) return null;
    const points = [...text(name, input)];
    const unwanted = chars === undefined ? undefined : new Set(text(name, chars));
    const isTrimmed = (point = '') => (unwanted ? unwanted.has(point) : BLANK.test(point));
    let [start, end] = [0, points.length];
    while (sides.left && start < end && isTrimmed(points[start])) start++;
    while (sides.right && end > start && isTrimmed(points[end - 1])) end--;
    return points.slice(start, end).join('');
  });
}

function replacing(name: string, replace: (input: string, find: string, replacement: string) => string) {
  return named(name, { required: ['input', 'find', 'replacement'] }, ({ input, find, replacement }) => {
    if (isNullish(input) || isNullish(find) || isNullish(replacement)) return null;
    return replace(text(name, input), text(name, find), text(name, replacement));
  });
}

function matching(name: string, find: (input: string, regex: RegExp) => Maybe, whenNull: Value) {
  return named(name, { required: ['input', 'regex'], optional: ['options'] }, ({ input, regex, options }) => {
    if (isNullish(input) || isNullish(regex)) return whenNull;
    const flags = isNullish(options) ? '' : text(name, options);
    const pattern = regex instanceof BSONRegExp ? regex.pattern : text(name, regex);
    return find(text(name, input), toRegExp(pattern, flags || (regex instanceof BSONRegExp ? regex.options : '')));
  });
}

function toMatch(input: string, match: RegExpExecArray | null): Doc | null {
  if (!match) return null;
  const [whole = '', ...captures] = match;
  return { match: whole, idx: [...input.slice(0, match.index)].length, captures: captures.map((part) => part ?? null) };
}

function substringOfBytes(name: string, value: Maybe, start: Maybe, length: Maybe): string {
  const bytes = Buffer.from(lenientText(value));
  const [from, size] = [whole(name, start), whole(name, length)];
  if (from < 0) throw new CommandError('BadValue', `${name}: starting index must be non-negative`);
  const cut = bytes.subarray(from, size < 0 ? undefined : from + size);
  const result = cut.toString();
  if (!Buffer.from(result).equals(cut))
    throw new CommandError('BadValue', `${name}: invalid range, cuts a UTF-8 character`);
  return result;
}

/** Only ASCII letters change case, as on the server. */
function asciiCase(value: string, letters: RegExp, change: (part: string) => string): string {
  return value.replace(letters, change);
}

/** Case and substring operators take null as empty, and numbers and dates as their text. */
function lenientText(value: Maybe): string {
  return isNullish(value) ? '' : toText(value);
}

export function text(name: string, value: Maybe): string {
  if (typeof value === 'string') return value;
  throw new CommandError('BadValue', `${name} only supports strings, not ${typeName(value)}`);
}
