import { isInherited, isObject, type JsonObject, ownValue } from './json-object.ts';

export type Path = readonly (string | number)[];

interface Segment {
  /** Null for "every element of the list". */
  name: string | null;
  inherited: boolean;
}

/** A place of a plan, compiled: finds the objects that are there in a run. */
export interface Places {
  path: readonly string[];
  /** In the order of the result; nulls and what is not there are left out. */
  objects(root: JsonObject): JsonObject[];
  /** The paths of these objects, for errors. */
  paths(root: JsonObject): Map<JsonObject, Path>;
}

export function compilePlaces(path: readonly string[]): Places {
  const segments = path.map((name): Segment => ({ name: name === '@' ? null : name, inherited: isInherited(name) }));
  return {
    path,
    objects(root) {
      if (segments.length === 0) return [root];
      const found: JsonObject[] = [];
      collect(root, segments, 0, found);
      return found;
    },
    paths(root) {
      const found = new Map<JsonObject, Path>();
      collectPaths(root, segments, 0, [], found);
      return found;
    },
  };
}

function collect(start: unknown, segments: Segment[], from: number, found: JsonObject[]): void {
  let value = start;
  for (let at = from; at < segments.length; at++) {
    if (value === null || value === undefined) return;
    const { name, inherited } = segments[at]!;
    if (name === null) {
      if (!Array.isArray(value)) return;
      for (const item of value) collect(item, segments, at + 1, found);
      return;
    }
    if (!isObject(value)) return;
    value = inherited ? ownValue(value, name) : value[name];
  }
  if (Array.isArray(value)) for (const item of value) collect(item, segments, segments.length, found);
  else if (isObject(value)) found.push(value);
}

function collectPaths(
  value: unknown,
  segments: Segment[],
  at: number,
  path: (string | number)[],
  found: Map<JsonObject, Path>,
): void {
  const segment = segments[at];
  if (Array.isArray(value)) {
    if (segment && segment.name !== null) return;
    value.forEach((item, index) => collectPaths(item, segments, segment ? at + 1 : at, [...path, index], found));
  } else if (isObject(value)) {
    if (!segment) found.set(value, path);
    else if (segment.name !== null) {
      collectPaths(ownValue(value, segment.name), segments, at + 1, [...path, segment.name], found);
    }
  }
}
