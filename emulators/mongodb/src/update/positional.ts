import { getAtPath, type MatchPosition } from '../bson/paths.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileFilter, type Matcher } from '../query/matcher.ts';

export type ArrayFilters = Map<string, Matcher>;

const FILTER_PART = /^\$\[([a-z][A-Za-z0-9]*)\]$/;

export function isPositional(part: string): boolean {
  return part.startsWith('$');
}

/** Each array filter constrains one identifier: `{ 'v.colour': 'red' }` tests what `$[v]` stands for. */
export function compileArrayFilters(filters: Doc[]): ArrayFilters {
  const compiled: ArrayFilters = new Map();
  for (const filter of filters) {
    const [name, ...others] = new Set(identifiersIn(filter));
    if (name === undefined || others.length > 0) {
      throw new CommandError('FailedToParse', 'an array filter must use exactly one top-level field name');
    }
    if (compiled.has(name))
      throw new CommandError('FailedToParse', `Found multiple array filters with the same name ${name}`);
    compiled.set(name, compileFilter(filter));
  }
  return compiled;
}

function identifiersIn(filter: Doc): string[] {
  return Object.entries(filter).flatMap(([key, value]) => {
    if (!key.startsWith('$')) return [key.split('.')[0] as string];
    return Array.isArray(value) ? value.filter(isDoc).flatMap(identifiersIn) : [];
  });
}

/** An array filter no path uses is a mistake the server reports. */
export function assertFiltersUsed(filters: ArrayFilters, paths: string[][]): void {
  const used = new Set(paths.flat().map((part) => FILTER_PART.exec(part)?.[1]));
  for (const name of filters.keys()) {
    if (!used.has(name))
      throw new CommandError('FailedToParse', `The array filter for identifier '${name}' was not used in the update`);
  }
}

/** The paths of this document that a path with `$`, `$[]` or `$[name]` stands for. */
export function concretePaths(doc: Doc, path: string[], filters: ArrayFilters, position: MatchPosition): string[][] {
  const at = path.findIndex(isPositional);
  if (at < 0) return [path];
  const [before, part, after] = [path.slice(0, at), path[at] as string, path.slice(at + 1)];
  return indexes(doc, { before, part, filters, position }).flatMap((index) =>
    concretePaths(doc, [...before, String(index), ...after], filters, position),
  );
}

interface PositionalPart {
  before: string[];
  part: string;
  filters: ArrayFilters;
  position: MatchPosition;
}

function indexes(doc: Doc, { before, part, filters, position }: PositionalPart): number[] {
  if (part === '$') {
    if (position.index === undefined) {
      throw new CommandError('BadValue', 'The positional operator did not find the match needed from the query.');
    }
    return [position.index];
  }
  const array = getAtPath(doc, before);
  if (!Array.isArray(array)) {
    throw new CommandError(
      'BadValue',
      `The path '${before.join('.')}' must exist in the document in order to apply array updates.`,
    );
  }
  if (part === '$[]') return [...array.keys()];
  const name = FILTER_PART.exec(part)?.[1];
  const matches = name === undefined ? undefined : filters.get(name);
  if (name === undefined || !matches) {
    throw new CommandError('BadValue', `No array filter found for identifier '${part}' in path '${before.join('.')}'`);
  }
  return [...array.keys()].filter((i) => matches({ [name]: array[i] as Value }));
}
