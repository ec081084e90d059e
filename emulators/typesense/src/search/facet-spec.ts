import { badRequest, notFound, unsupported } from '../http/api-error.ts';
import { type Field, isNumber, isString } from '../schema/field.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { splitTop } from './split-top.ts';

export type FacetRange = { label: string; from: number; to: number };

export type FacetSpec = {
  field: Field;
  at: number;
  alphabetical: 'asc' | 'desc' | undefined;
  ranges: FacetRange[];
};

const MAX_FACETS = 100;

/** `facet_by`: field names, each with an order or with ranges in parentheses. */
export function parseFacets(text: string, index: SearchIndex): FacetSpec[] {
  const parts = splitTop(text, ',').filter((part) => part !== '');
  if (parts.length > MAX_FACETS) throw badRequest(`At most ${MAX_FACETS} facets can be asked for.`);
  return parts.map((part) => {
    const [, name = '', options] = /^([^()]+?)\s*(?:\((.*)\))?$/s.exec(part) ?? [];
    if (name.includes('*')) throw unsupported('A pattern in `facet_by`');
    const { field, at } = facetField(name.trim(), index);
    const spec: FacetSpec = { field, at, alphabetical: undefined, ranges: [] };
    if (options !== undefined) readOptions(spec, options);
    return spec;
  });
}

export function facetField(name: string, index: SearchIndex): { field: Field; at: number } {
  const at = index.schema.fields.findIndex((field) => field.name === name);
  const field = index.schema.fields[at];
  if (field === undefined || !field.facet)
    throw notFound(`Could not find a facet field named \`${name}\` in the schema.`);
  if (field.type === 'geopoint') throw unsupported('A facet over a geopoint');
  return { field, at };
}

function readOptions(spec: FacetSpec, options: string): void {
  for (const option of splitTop(options, ',')) {
    const order = /^sort_by\s*:\s*(\S+?)\s*:\s*(asc|desc)$/i.exec(option);
    if (order !== null) {
      if (order[1] !== '_alpha') throw unsupported(`Sorting a facet by \`${order[1]}\``);
      spec.alphabetical = order[2]?.toLowerCase() === 'asc' ? 'asc' : 'desc';
      continue;
    }
    const range = /^([^:[\]]+?)\s*:\s*\[\s*([^,\]]*?)\s*,\s*([^,\]]*?)\s*\]$/.exec(option);
    if (range === null)
      throw badRequest(`Facet field \`${spec.field.name}\` has a malformed option: \`${option.slice(0, 200)}\`.`);
    if (!isNumber(spec.field) || isString(spec.field)) {
      throw badRequest(`Range facet is restricted to only integer and float fields.`);
    }
    spec.ranges.push({
      label: range[1] ?? '',
      from: bound(spec, range[2], Number.NEGATIVE_INFINITY),
      to: bound(spec, range[3], Number.POSITIVE_INFINITY),
    });
  }
}

function bound(spec: FacetSpec, text: string | undefined, open: number): number {
  if (text === undefined || text === '') return open;
  const number = Number(text);
  if (!Number.isFinite(number)) throw badRequest(`Unable to parse facet range of \`${spec.field.name}\`.`);
  return number;
}
