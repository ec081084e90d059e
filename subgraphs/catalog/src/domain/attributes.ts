import { accept } from '@marketgraph/platform/core';
import { type AttributeDefinition, isAttributeKey } from './attribute-schema.ts';
import { inLanguage } from './localized-text.ts';
import { type Outcome, type Refusal, refusal, refuseAll } from './outcome.ts';

export type AttributeScalar = string | number | boolean;

/** A list of pairs, not an object: what a client names never becomes the name of a stored field. */
export interface AttributeValue {
  key: string;
  value: AttributeScalar;
  unit: string | null;
}

/** An attribute as a reader sees it, with what its category says about it. */
export interface DescribedAttribute extends AttributeValue {
  label: string;
  isFacet: boolean;
  isVariantAxis: boolean;
}

export interface AttributeInput {
  key: string;
  value: unknown;
  unit?: string | null;
}

const MAX_ATTRIBUTES = 100;
const MAX_TEXT = 2_000;

/**
 * Checks values against the category's definitions. A category that defines
 * nothing takes any scalar, so a new kind of product needs no migration;
 * one that defines something takes only that.
 */
export function checkAttributes(
  inputs: readonly AttributeInput[],
  definitions: readonly AttributeDefinition[],
  { field, only }: { field: readonly (string | number)[]; only?: 'variantAxis' },
): Outcome<AttributeValue[]> {
  if (inputs.length > MAX_ATTRIBUTES) {
    return refuseAll([refusal('INVALID', `At most ${MAX_ATTRIBUTES} attributes.`, field)]);
  }
  const byKey = new Map(definitions.map((definition) => [definition.key, definition]));
  const seen = new Set<string>();
  const refusals: Refusal[] = [];
  const values: AttributeValue[] = [];
  for (const [index, input] of inputs.entries()) {
    const at = [...field, index];
    const refuse = (message: string, part: string) => refusals.push(refusal('INVALID', message, [...at, part]));
    const { key } = input;
    if (!isAttributeKey(key)) {
      refuse('An attribute key must match [a-z][a-zA-Z0-9_]* with at most 40 characters.', 'key');
      continue;
    }
    if (seen.has(key)) {
      refuse(`"${key}" is given twice.`, 'key');
      continue;
    }
    seen.add(key);
    const definition = byKey.get(key);
    if (definitions.length > 0 && !definition) {
      refuse(`The category has no attribute "${key}".`, 'key');
      continue;
    }
    if (only === 'variantAxis' && definition && !definition.isVariantAxis) {
      refuse(`"${key}" does not tell variants of this category apart.`, 'key');
      continue;
    }
    const wrong = whyNot(input.value, definition);
    if (wrong) {
      refuse(`${key}: ${wrong}.`, 'value');
      continue;
    }
    if (definition && input.unit && input.unit !== definition.unit) {
      refuse(`${key} is given in ${definition.unit ?? 'no unit'}.`, 'unit');
      continue;
    }
    if (input.unit && input.unit.length > 20) {
      refuse(`The unit of ${key} is longer than 20 characters.`, 'unit');
      continue;
    }
    values.push({
      key,
      value: input.value as AttributeScalar,
      unit: definition ? definition.unit : (input.unit ?? null),
    });
  }
  return refusals.length > 0 ? refuseAll(refusals) : accept(values);
}

/** What the category requires and the product does not say. Drafts may be incomplete; what is submitted may not. */
export function missingAttributes(
  values: readonly AttributeValue[],
  definitions: readonly AttributeDefinition[],
): string[] {
  const given = new Set(values.map(({ key }) => key));
  return definitions
    .filter(({ key, required, isVariantAxis }) => required && !isVariantAxis && !given.has(key))
    .map(({ key }) => key);
}

/** With labels in the language asked for, else a related one, else as they were written. Values stay as they are: they are what is searched for. */
export function describeAttributes(
  values: readonly AttributeValue[],
  definitions: readonly AttributeDefinition[],
  language?: string | null,
): DescribedAttribute[] {
  const byKey = new Map(definitions.map((definition) => [definition.key, definition]));
  return values.map(({ key, value, unit }) => {
    const definition = byKey.get(key);
    return {
      key,
      value,
      unit,
      label: labelOf(definition, language) ?? key,
      isFacet: definition?.isFacet ?? false,
      isVariantAxis: definition?.isVariantAxis ?? false,
    };
  });
}

function labelOf(definition: AttributeDefinition | undefined, language: string | null | undefined): string | undefined {
  if (!definition || !language) return definition?.label;
  // Nobody says which language a label was written in, so it is no language's own.
  const written = { language: '', label: definition.label };
  return inLanguage([written, ...(definition.labels ?? [])], language).label;
}

function whyNot(value: unknown, definition: AttributeDefinition | undefined): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'not a number';
  if (typeof value === 'string' && (value.length === 0 || value.length > MAX_TEXT)) {
    return `a text of 1 to ${MAX_TEXT} characters is expected`;
  }
  if (!['string', 'number', 'boolean'].includes(typeof value)) return 'a text, a number or true/false is expected';
  switch (definition?.type) {
    case undefined:
      return undefined;
    case 'enum':
      return definition.values?.includes(value as string)
        ? undefined
        : `must be one of ${definition.values?.join(', ')}`;
    case 'string':
      return typeof value === 'string' ? undefined : 'a text is expected';
    case 'number':
      return typeof value === 'number' ? undefined : 'a number is expected';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false is expected';
  }
}
