import { CommandError } from '../errors.ts';
import { type Doc, getField, isDoc, type Maybe, type Value } from './value.ts';

/** Depth the server allows for a dotted path. */
const MAX_PATH_PARTS = 200;

export function splitPath(path: string): string[] {
  const parts = path.split('.');
  if (parts.length > MAX_PATH_PARTS)
    throw new CommandError('Overflow', `field path deeper than ${MAX_PATH_PARTS} parts`);
  return parts;
}

const ARRAY_INDEX = /^(?:0|[1-9]\d{0,9})$/;

export function isArrayIndex(part: string): boolean {
  return ARRAY_INDEX.test(part);
}

/** Where in the outermost array a match was found: what the positional `$` stands for. */
export interface MatchPosition {
  index?: number;
}

/**
 * Visits every value a query path reaches, stepping into the elements of arrays on the way as the server does,
 * until a visitor says it has seen enough. A path that ends nowhere is visited as `undefined`.
 */
export function visitPath(
  value: Maybe,
  parts: readonly string[],
  at: number,
  visit: (value: Maybe) => boolean,
  position?: MatchPosition,
): boolean {
  if (at === parts.length) return visit(value);
  const part = parts[at] as string;
  if (Array.isArray(value)) {
    if (isArrayIndex(part)) {
      const index = Number(part);
      if (index < value.length && visitPath(value[index], parts, at + 1, visit, position)) return true;
    }
    for (let i = 0; i < value.length; i++) {
      if (isDoc(value[i]) && visitPath(value[i], parts, at, visit, position)) {
        if (position) position.index = i;
        return true;
      }
    }
    return false;
  }
  if (isDoc(value)) return visitPath(getField(value, part), parts, at + 1, visit, position);
  return visit(undefined);
}

/** The value of an expression path such as `$a.b`: arrays are mapped over, never indexed. */
export function resolveExpressionPath(value: Maybe, parts: readonly string[], from = 0): Maybe {
  let current = value;
  for (let i = from; i < parts.length; i++) {
    if (Array.isArray(current)) {
      const mapped: Value[] = [];
      for (const item of current) {
        const found = resolveExpressionPath(item, parts, i);
        if (found !== undefined) mapped.push(found);
      }
      return mapped;
    }
    if (!isDoc(current)) return undefined;
    current = getField(current, parts[i] as string);
  }
  return current;
}

/** The value at a path without stepping into arrays, except by number. */
export function getAtPath(doc: Doc, parts: readonly string[]): Maybe {
  let current: Maybe = doc;
  for (const part of parts) {
    if (Array.isArray(current)) current = isArrayIndex(part) ? current[Number(part)] : undefined;
    else if (isDoc(current)) current = getField(current, part);
    else return undefined;
  }
  return current;
}
