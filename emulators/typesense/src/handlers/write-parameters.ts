import { badRequest } from '../http/api-error.ts';
import type { DirtyValues } from '../schema/document.ts';
import type { WriteAction } from '../store/collection.ts';

const ACTIONS = ['create', 'upsert', 'update', 'emplace'] as const;
const DIRTY_VALUES = ['coerce_or_reject', 'coerce_or_drop', 'drop', 'reject'] as const;

export function readAction(query: URLSearchParams, otherwise: WriteAction): WriteAction {
  return oneOf(query, 'action', ACTIONS) ?? otherwise;
}

export function readDirtyValues(query: URLSearchParams): DirtyValues {
  return oneOf(query, 'dirty_values', DIRTY_VALUES) ?? 'coerce_or_reject';
}

export function readFlag(query: URLSearchParams, name: string): boolean {
  return oneOf(query, name, ['true', 'false'] as const) === 'true';
}

export function readNames(query: URLSearchParams, name: string): string[] {
  return (query.get(name) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function oneOf<T extends string>(query: URLSearchParams, name: string, values: readonly T[]): T | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const known = values.find((value) => value === given);
  if (known === undefined) throw badRequest(`Parameter \`${name}\` must be one of ${values.join(', ')}.`);
  return known;
}
