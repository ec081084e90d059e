import { accept } from '@marketgraph/platform/core';
import { type AttributeDefinition, parseAttributeSchema } from './attribute-schema.ts';
import { type Localized, withTranslations } from './localized-text.ts';
import { type Outcome, type Refusal, refusal, refuse, refuseAll } from './outcome.ts';
import { isSlug } from './slug.ts';
import { checkedText, folded } from './text.ts';

export interface CategoryName extends Localized {
  name: string;
}

export interface CategoryState {
  id: string;
  slug: string;
  /** Source language first. */
  names: CategoryName[];
  parentId: string | null;
  /** Ids from the root down to this one. */
  path: string[];
  attributeSchema: AttributeDefinition[];
  /** Made by an operator, or found in a vendor's feed. */
  origin: 'OPERATOR' | 'IMPORT';
  version: number;
}

export interface CategoryDetails {
  slug: string;
  name: string;
  language: string;
  translations?: readonly CategoryName[] | null;
  /** Undefined leaves as it is. */
  attributeSchema?: unknown;
}

/** Deeper trees are menus nobody finds the end of; the bound also ends every walk. */
export const MAX_CATEGORY_DEPTH = 8;
const MAX_NAME = 100;
const MAX_LANGUAGES = 30;

/** Creates a category or changes one; `existing` and `parent` are as stored. */
export function placeCategory(
  existing: CategoryState | null,
  details: CategoryDetails,
  facts: { id: string; parent: CategoryState | null; origin?: CategoryState['origin'] },
): Outcome<CategoryState> {
  const refusals: Refusal[] = [];
  if (!isSlug(details.slug)) {
    refusals.push(refusal('INVALID', 'A slug is lower-case letters and digits joined by single hyphens.', ['slug']));
  }
  const name = checkedText(details.name, { max: MAX_NAME, field: ['name'], what: 'The name' });
  if (!name.ok) refusals.push(...name.rejection);
  const translations = checkNames(details.translations ?? []);
  if (!translations.ok) refusals.push(...translations.rejection);
  const schema =
    details.attributeSchema === undefined
      ? accept(existing?.attributeSchema ?? [])
      : parseAttributeSchema(details.attributeSchema, ['attributeSchema']);
  if (!schema.ok) refusals.push(...schema.rejection);
  const path = placeBelow(facts.id, facts.parent);
  if (!path.ok) refusals.push(...path.rejection);
  if (refusals.length > 0 || !name.ok || !schema.ok || !path.ok || !translations.ok) return refuseAll(refusals);
  const source = { language: details.language, name: name.value };
  return accept({
    id: facts.id,
    slug: details.slug,
    names: withTranslations(existing ? withTranslations(existing.names, [source]) : [source], translations.value),
    parentId: facts.parent?.id ?? null,
    path: path.value,
    attributeSchema: schema.value,
    origin: existing?.origin ?? facts.origin ?? 'OPERATOR',
    version: (existing?.version ?? 0) + 1,
  });
}

/** The key by which a name is found again below one parent, so that two feeds make one category. */
export function categoryNameKey(name: string): string {
  return folded(name);
}

export function nameOf(category: Pick<CategoryState, 'names'>): string {
  return category.names[0]!.name;
}

function placeBelow(id: string, parent: CategoryState | null): Outcome<string[]> {
  if (!parent) return accept([id]);
  if (parent.path.includes(id)) {
    return refuse('INVALID', 'A category cannot stand below itself.', ['parentId']);
  }
  if (parent.path.length >= MAX_CATEGORY_DEPTH) {
    return refuse('INVALID', `The category tree is at most ${MAX_CATEGORY_DEPTH} levels deep.`, ['parentId']);
  }
  return accept([...parent.path, id]);
}

function checkNames(names: readonly CategoryName[]): Outcome<CategoryName[]> {
  if (names.length > MAX_LANGUAGES) return refuse('INVALID', `At most ${MAX_LANGUAGES} languages.`, ['translations']);
  const checked: CategoryName[] = [];
  for (const [index, { language, name }] of names.entries()) {
    const text = checkedText(name, { max: MAX_NAME, field: ['translations', index, 'name'], what: 'The name' });
    if (!text.ok) return text;
    checked.push({ language, name: text.value });
  }
  return accept(checked);
}
