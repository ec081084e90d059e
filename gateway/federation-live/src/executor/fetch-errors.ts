import type { GraphQLFormattedError } from 'graphql';
import { isObject, type JsonObject } from './json-object.ts';
import type { Path, Places } from './places.ts';
import { addError, MAX_ERRORS, type Run } from './run.ts';

/** An entity that many places wait for fails in all of them; so many are told. */
const MAX_COPIES = 100;

export interface FetchFailure {
  service: string;
  places: Places;
  /** The names that the fetch would have brought. */
  names: readonly string[];
  /** For fetches of entities: the objects that asked, and the index of the representation of each. */
  asked: { objects: readonly JsonObject[]; indexes: readonly number[] } | null;
}

/** Errors that came with an answer. `nothing`: they are all that came. */
export function addAnswerErrors(run: Run, failure: FetchFailure, errors: readonly unknown[], nothing: boolean): void {
  if (nothing) explainAll(run, failure);
  let paths: Map<JsonObject, Path> | undefined;
  for (const error of errors) {
    if (run.errors.length >= MAX_ERRORS) return explainAll(run, failure);
    const given = isObject(error) ? (error as Partial<GraphQLFormattedError>) : {};
    const path = Array.isArray(given.path) ? (given.path as Path) : undefined;
    if (!path) {
      // It is about no field in particular, so it explains whatever is missing.
      explainAll(run, failure);
      addServiceError(run, failure.service, given, undefined);
      continue;
    }
    if (failure.places.path.length > 0) paths ??= failure.places.paths(run.root);
    const found = placesOf(failure, path, paths, nothing);
    // Places that were too many to be told of are explained all the same.
    if (found.length >= MAX_COPIES) run.explained.push([...failure.places.path, ...path.slice(2)]);
    for (const place of found) {
      run.explained.push(place);
      addServiceError(run, failure.service, given, place);
    }
  }
}

/** The fetch brought nothing that can be used. */
export function addFetchFailure(run: Run, failure: FetchFailure, error: unknown): void {
  explainAll(run, failure);
  const given = error instanceof Error ? error : { message: String(error) };
  addServiceError(run, failure.service, given, undefined);
}

function explainAll(run: Run, { places, names }: FetchFailure): void {
  for (const name of names) run.explained.push([...places.path, name]);
}

function placesOf(
  { places, asked, names }: FetchFailure,
  path: Path,
  paths: Map<JsonObject, Path> | undefined,
  nothing: boolean,
): Path[] {
  if (!paths) return [path];
  const index = path[1];
  if (asked && path[0] === '_entities' && typeof index === 'number') {
    const found: Path[] = [];
    const copies = nothing ? 1 : MAX_COPIES;
    for (let at = 0; at < asked.objects.length && found.length < copies; at++) {
      const place = asked.indexes[at] === index ? paths.get(asked.objects[at]!) : undefined;
      if (place) found.push([...place, ...path.slice(2)]);
    }
    if (found.length > 0) return found;
  }
  const below = asked ? path.slice(1) : path;
  const [first] = paths.values();
  // What cannot be placed is told where the fetch first stood.
  return [[...(first ?? beforeList(places.path)), ...(names.includes(String(below[0])) ? below : [])]];
}

function beforeList(path: readonly string[]): readonly string[] {
  const list = path.indexOf('@');
  return list < 0 ? path : path.slice(0, list);
}

function addServiceError(
  run: Run,
  service: string,
  error: Partial<GraphQLFormattedError>,
  path: Path | undefined,
): void {
  const { message, extensions } = error;
  const text =
    typeof message === 'string' && message !== '' ? message : `Error while fetching subquery from service "${service}"`;
  const given = isObject(extensions) ? extensions : {};
  addError(run, text, {
    ...(path ? { path } : {}),
    ...(error instanceof Error ? { originalError: error } : {}),
    extensions: { ...given, code: given['code'] ?? 'DOWNSTREAM_SERVICE_ERROR', serviceName: service },
  });
}
