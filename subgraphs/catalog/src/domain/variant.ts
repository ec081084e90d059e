import { accept } from '@marketgraph/platform/core';
import type { AttributeDefinition } from './attribute-schema.ts';
import { type AttributeInput, type AttributeValue, checkAttributes } from './attributes.ts';
import { isGtin } from './gtin.ts';
import { type Outcome, type Refusal, refusal, refuseAll } from './outcome.ts';
import { checkedText } from './text.ts';

export interface VariantState {
  id: string;
  title: string;
  gtin: string | null;
  options: AttributeValue[];
  weightGrams: number | null;
}

export interface VariantInput {
  title: string;
  gtin?: string | null;
  options?: readonly AttributeInput[] | null;
  weightGrams?: number | null;
}

const MAX_VARIANTS = 100;
const MAX_TITLE = 200;
/** Ten tonnes: more than any carrier takes as one piece. */
const MAX_WEIGHT_GRAMS = 10_000_000;

/** A product has at least one variant, and no two of them have the same options. */
export function checkVariants(
  inputs: readonly VariantInput[],
  definitions: readonly AttributeDefinition[],
  nextId: () => string,
): Outcome<VariantState[]> {
  if (inputs.length === 0 || inputs.length > MAX_VARIANTS) {
    return refuseAll([refusal('INVALID', `A product has 1 to ${MAX_VARIANTS} variants.`, ['variants'])]);
  }
  const refusals: Refusal[] = [];
  const variants: VariantState[] = [];
  const seen = new Set<string>();
  for (const [index, input] of inputs.entries()) {
    const at = ['variants', index];
    const title = checkedText(input.title, {
      max: MAX_TITLE,
      field: [...at, 'title'],
      what: 'The title of the variant',
    });
    const options = checkAttributes(input.options ?? [], definitions, {
      field: [...at, 'options'],
      only: 'variantAxis',
    });
    if (!title.ok) refusals.push(...title.rejection);
    if (!options.ok) refusals.push(...options.rejection);
    const gtin = input.gtin?.trim() || null;
    if (gtin !== null && !isGtin(gtin))
      refusals.push(refusal('INVALID', 'Not a GTIN: its check digit is wrong.', [...at, 'gtin']));
    const weightGrams = input.weightGrams ?? null;
    if (weightGrams !== null && !isWeight(weightGrams)) {
      refusals.push(refusal('INVALID', `weightGrams must be from 0 to ${MAX_WEIGHT_GRAMS}.`, [...at, 'weightGrams']));
    }
    if (!title.ok || !options.ok) continue;
    const combination = JSON.stringify([...options.value.map(({ key, value }) => [key, value])].sort());
    if (inputs.length > 1 && seen.has(combination)) {
      refusals.push(refusal('INVALID', 'Two variants have the same options.', [...at, 'options']));
    }
    seen.add(combination);
    variants.push({ id: nextId(), title: title.value, gtin, options: options.value, weightGrams });
  }
  return refusals.length > 0 ? refuseAll(refusals) : accept(variants);
}

export function isWeight(grams: number): boolean {
  return Number.isInteger(grams) && grams >= 0 && grams <= MAX_WEIGHT_GRAMS;
}
