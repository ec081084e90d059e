import { badRequest, unsupported } from '../http/api-error.ts';
import { DEFAULT_RULES, toTokens, type TokenRules } from '../text/tokens.ts';
import { type Field, isArray, isNumber, parseFields } from './field.ts';

/** What a collection was created with. The order of `fields` is the order of the columns in its tables. */
export type CollectionSchema = {
  name: string;
  fields: Field[];
  default_sorting_field: string;
  token_separators: string[];
  symbols_to_index: string[];
  synonym_sets: string[];
  metadata?: object;
};

const NAME = /^[^\s/?#%]{1,200}$/;

export function parseCollectionSchema(input: unknown): CollectionSchema {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw badRequest('Bad JSON.');
  const {
    name,
    fields,
    default_sorting_field = '',
    token_separators,
    symbols_to_index,
    enable_nested_fields = false,
    synonym_sets,
    curation_sets,
    metadata,
    ...rest
  } = input as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw unsupported(`Collection property \`${unknown}\``);
  if (typeof name !== 'string' || !NAME.test(name)) throw badRequest('Parameter `name` is required.');
  if (enable_nested_fields !== false) throw unsupported('`enable_nested_fields`');
  if (Array.isArray(curation_sets) ? curation_sets.length > 0 : curation_sets !== undefined) {
    throw unsupported('`curation_sets`');
  }
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))) {
    throw badRequest('The `metadata` value should be an object.');
  }
  const parsed = parseFields(fields);
  return {
    name,
    fields: parsed,
    default_sorting_field: parseDefaultSort(default_sorting_field, parsed),
    token_separators: characters('token_separators', token_separators),
    symbols_to_index: characters('symbols_to_index', symbols_to_index),
    synonym_sets: stringList('synonym_sets', synonym_sets),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

export function stringList(name: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
    throw badRequest(`Parameter \`${name}\` should be an array of strings.`);
  }
  return value as string[];
}

export function tokenRules(schema: Pick<CollectionSchema, 'token_separators' | 'symbols_to_index'>): TokenRules {
  return { separators: new Set(schema.token_separators), symbols: new Set(schema.symbols_to_index) };
}

function parseDefaultSort(value: unknown, fields: readonly Field[]): string {
  if (typeof value !== 'string') throw badRequest('`default_sorting_field` should be a string.');
  if (value === '') return '';
  const field = fields.find((candidate) => candidate.name === value);
  if (field === undefined) {
    throw badRequest(`Default sorting field is defined as \`${value}\` but is not found in the schema.`);
  }
  if (!field.sort || isArray(field) || !(isNumber(field) || field.type === 'string')) {
    throw badRequest(`Default sorting field \`${value}\` is not a sortable type.`);
  }
  if (field.optional) throw badRequest(`Default sorting field \`${value}\` cannot be an optional field.`);
  return value;
}

function characters(name: string, value: unknown): string[] {
  const list = stringList(name, value);
  for (const item of list) {
    if (item.length !== 1) throw badRequest(`Parameter \`${name}\` should be an array of single characters.`);
    // Letters and digits are always part of a word; anything beyond ASCII has no stored form here.
    if (item.charCodeAt(0) > 127 || toTokens(item, DEFAULT_RULES).length > 0) {
      throw unsupported(`\`${item}\` in \`${name}\``);
    }
  }
  return list;
}
