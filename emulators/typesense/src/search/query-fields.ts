import { badRequest, notFound } from '../http/api-error.ts';
import { isString } from '../schema/field.ts';
import type { SearchIndex } from '../store/search-index.ts';
import type { SearchParameters } from './parameters.ts';

/** A field named in `query_by`, with its share of the per-field parameters. */
export type QueryField = { at: number; name: string; weight: number; prefix: boolean; numTypos: number };

// Without weights each field counts half of the one before it.
const FIRST_WEIGHT = 16;

export function resolveQueryFields(parameters: SearchParameters, index: SearchIndex): QueryField[] {
  return parameters.queryBy.map((name, position) => {
    const at = index.schema.fields.findIndex((field) => field.name === name);
    const field = index.schema.fields[at];
    if (field === undefined) throw notFound(`Could not find a field named \`${name}\` in the schema.`);
    if (!field.index) throw badRequest(`Field \`${name}\` is marked as a non-indexed field in the schema.`);
    if (!isString(field)) throw badRequest(`Field \`${name}\` should be a string or a string array.`);
    return {
      at,
      name,
      weight: parameters.weights?.[position] ?? Math.max(1, FIRST_WEIGHT >> position),
      prefix: parameters.prefix[position] ?? true,
      numTypos: parameters.numTypos[position] ?? 2,
    };
  });
}
