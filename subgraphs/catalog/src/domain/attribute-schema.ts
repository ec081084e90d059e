import { accept } from '@marketgraph/platform/core';
import { type Outcome, type Refusal, refusal, refuse, refuseAll } from './outcome.ts';
import type { Localized } from './localized-text.ts';
import { unsafeJson } from './plain-json.ts';

export const attributeTypes = ['string', 'number', 'boolean', 'enum'] as const;
export type AttributeType = (typeof attributeTypes)[number];

export interface LocalizedLabel extends Localized {
  label: string;
}

/** What products of a category may say about themselves. */
export interface AttributeDefinition {
  key: string;
  label: string;
  /** The label in other languages; absent in what was stored before there were any. */
  labels?: LocalizedLabel[];
  type: AttributeType;
  unit: string | null;
  /** The values of an `enum`. */
  values: string[] | null;
  required: boolean;
  isFacet: boolean;
  isVariantAxis: boolean;
}

const KEY = /^[a-z][a-zA-Z0-9_]{0,39}$/;
const MAX_DEFINITIONS = 100;
const MAX_ENUM_VALUES = 500;
const MAX_LANGUAGES = 50;
const LANGUAGE = /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i;
const KNOWN = new Set(['key', 'label', 'labels', 'type', 'unit', 'values', 'required', 'isFacet', 'isVariantAxis']);

export function isAttributeKey(key: string): boolean {
  return KEY.test(key);
}

/** Reads the JSON of `categoryUpsert`: a list of definitions and nothing else. */
export function parseAttributeSchema(json: unknown, field: readonly string[]): Outcome<AttributeDefinition[]> {
  if (json === null || json === undefined) return accept([]);
  const unsafe = unsafeJson(json);
  if (unsafe) return refuse('INVALID', `attributeSchema ${unsafe}.`, field);
  if (!Array.isArray(json)) return refuse('INVALID', 'attributeSchema is a list of attribute definitions.', field);
  if (json.length > MAX_DEFINITIONS) {
    return refuse('INVALID', `attributeSchema has more than ${MAX_DEFINITIONS} attributes.`, field);
  }
  const refusals: Refusal[] = [];
  const definitions: AttributeDefinition[] = [];
  const seen = new Set<string>();
  for (const [index, entry] of json.entries()) {
    const read = readDefinition(entry);
    if (typeof read === 'string') refusals.push(refusal('INVALID', read, [...field, index]));
    else if (seen.has(read.key))
      refusals.push(refusal('INVALID', `"${read.key}" is defined twice.`, [...field, index]));
    else {
      seen.add(read.key);
      definitions.push(read);
    }
  }
  return refusals.length > 0 ? refuseAll(refusals) : accept(definitions);
}

/** A category inherits what its ancestors define; its own definition of a key wins. Root first. */
export function inheritedSchema(
  path: readonly { attributeSchema: readonly AttributeDefinition[] }[],
): AttributeDefinition[] {
  const byKey = new Map<string, AttributeDefinition>();
  for (const { attributeSchema } of path)
    for (const definition of attributeSchema) byKey.set(definition.key, definition);
  return [...byKey.values()];
}

/** A definition, or what is wrong with the entry. */
function readDefinition(entry: unknown): AttributeDefinition | string {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return 'A definition is an object.';
  const { key, label, labels, type, unit, values, required, isFacet, isVariantAxis, ...rest } = entry as Record<
    string,
    unknown
  >;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    return `"${unknown.slice(0, 40)}" is not part of a definition; known are ${[...KNOWN].join(', ')}.`;
  if (typeof key !== 'string' || !KEY.test(key)) return 'key must match [a-z][a-zA-Z0-9_]* with at most 40 characters.';
  if (!isOneOf(attributeTypes, type)) return `type of "${key}" must be one of ${attributeTypes.join(', ')}.`;
  if (label !== undefined && !isShortText(label)) return `label of "${key}" must be a text of 1 to 100 characters.`;
  if (labels !== undefined && !isLabelList(labels)) {
    return `labels of "${key}" must be a list of at most ${MAX_LANGUAGES} {language, label}, each language once.`;
  }
  if (unit !== undefined && unit !== null && !isShortText(unit)) return `unit of "${key}" must be a text.`;
  if (type === 'enum' ? !isValueList(values) : values !== undefined && values !== null) {
    return type === 'enum'
      ? `values of "${key}" must be a list of 1 to ${MAX_ENUM_VALUES} different texts.`
      : `"${key}" is no enum and has no values.`;
  }
  const flags = { required, isFacet, isVariantAxis };
  for (const [name, flag] of Object.entries(flags)) {
    if (flag !== undefined && typeof flag !== 'boolean') return `${name} of "${key}" must be true or false.`;
  }
  return {
    key,
    label: typeof label === 'string' ? label : key,
    ...(labels === undefined ? {} : { labels: labels as LocalizedLabel[] }),
    type,
    unit: typeof unit === 'string' ? unit : null,
    values: type === 'enum' ? (values as string[]) : null,
    required: required === true,
    isFacet: isFacet === true,
    isVariantAxis: isVariantAxis === true,
  };
}

function isOneOf<T extends string>(all: readonly T[], value: unknown): value is T {
  return typeof value === 'string' && (all as readonly string[]).includes(value);
}

/** Pairs, not an object: what a client names never becomes the name of a stored field. */
function isLabelList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MAX_LANGUAGES) return false;
  const languages = value.map((entry: unknown) => {
    if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return undefined;
    const { language, label, ...rest } = entry as Record<string, unknown>;
    const isGood = typeof language === 'string' && LANGUAGE.test(language) && isShortText(label);
    return isGood && Object.keys(rest).length === 0 ? language.toLowerCase() : undefined;
  });
  return !languages.includes(undefined) && new Set(languages).size === languages.length;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.trim().length > 0 && value.length <= 100;
}

function isValueList(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_ENUM_VALUES &&
    value.every(isShortText) &&
    new Set(value).size === value.length
  );
}
