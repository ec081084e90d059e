import { accept } from '@marketgraph/platform/core';
import type { AttributeDefinition } from './attribute-schema.ts';
import { type AttributeInput, type AttributeValue, checkAttributes, missingAttributes } from './attributes.ts';
import { type Localized, withTranslations } from './localized-text.ts';
import type { MediaItem } from './media.ts';
import { type Outcome, type Refusal, refusal, refuseAll, versionMismatch } from './outcome.ts';
import { nextStatus, type ProductAction, type ProductStatus } from './product-status.ts';
import { checkedText } from './text.ts';
import { checkVariants, type VariantInput, type VariantState } from './variant.ts';

export interface ProductText extends Localized {
  title: string;
  description: string | null;
}

export interface ProductState {
  id: string;
  slug: string;
  status: ProductStatus;
  /** Source language first. */
  texts: ProductText[];
  brand: string | null;
  categoryId: string;
  /** Ids from the root category down to `categoryId`. */
  categoryPath: string[];
  attributes: AttributeValue[];
  media: MediaItem[];
  variants: VariantState[];
  submittedBy: string;
  moderation: { decision: string; reason: string | null; by: string; at: Date } | null;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

export interface TextInput {
  language: string;
  title?: string | null;
  description?: string | null;
}

export interface ProductDetails {
  title: string;
  description?: string | null;
  brand?: string | null;
  language: string;
  translations?: readonly TextInput[] | null;
  attributes?: readonly AttributeInput[] | null;
  variants: readonly VariantInput[];
}

/** Undefined or null leaves as it is. */
export interface ProductChange {
  title?: string | null;
  description?: string | null;
  translations?: readonly TextInput[] | null;
  attributes?: readonly AttributeInput[] | null;
  media?: readonly MediaItem[] | null;
}

/** Where a product stands in the tree and what it may say there. */
export interface CategoryPlace {
  id: string;
  path: readonly string[];
  definitions: readonly AttributeDefinition[];
}

export const MAX_MEDIA = 20;
const MAX_TITLE = 200;
const MAX_DESCRIPTION = 10_000;
const MAX_BRAND = 100;
const MAX_LANGUAGES = 30;

export function createProduct(
  details: ProductDetails,
  facts: {
    id: string;
    slug: string;
    vendorId: string;
    category: CategoryPlace;
    media: readonly MediaItem[];
    nextVariantId(): string;
    now: Date;
    status?: ProductStatus;
  },
): Outcome<ProductState> {
  const refusals: Refusal[] = [];
  const keep = <T>(outcome: Outcome<T>): T | undefined => {
    if (outcome.ok) return outcome.value;
    refusals.push(...outcome.rejection);
    return undefined;
  };
  const { definitions } = facts.category;
  const title = keep(checkedText(details.title, { max: MAX_TITLE, field: ['title'], what: 'The title' }));
  const description = keep(checkDescription(details.description, ['description']));
  const brand = keep(checkBrand(details.brand));
  const translations = keep(checkTranslations(details.translations ?? []));
  const attributes = keep(checkAttributes(details.attributes ?? [], definitions, { field: ['attributes'] }));
  const variants = keep(checkVariants(details.variants, definitions, facts.nextVariantId));
  if (facts.media.length > MAX_MEDIA) refusals.push(tooManyMedia());
  if (refusals.length > 0 || title === undefined || !translations || !attributes || !variants) {
    return refuseAll(refusals);
  }
  return accept({
    id: facts.id,
    slug: facts.slug,
    status: facts.status ?? 'DRAFT',
    texts: translated([{ language: details.language, title, description: description ?? null }], translations),
    brand: brand ?? null,
    categoryId: facts.category.id,
    categoryPath: [...facts.category.path],
    attributes,
    media: [...facts.media],
    variants,
    submittedBy: facts.vendorId,
    moderation: null,
    createdAt: facts.now,
    updatedAt: facts.now,
    version: 1,
  });
}

/** An edit made from `expectedVersion`. A product that is for sale stays so: moderators see edits by their version. */
export function reviseProduct(
  product: ProductState,
  change: ProductChange,
  facts: { expectedVersion: number; definitions: readonly AttributeDefinition[]; now: Date },
): Outcome<ProductState> {
  if (product.version !== facts.expectedVersion) return versionMismatch(product.version);
  if (product.status === 'ARCHIVED') {
    return refuseAll([refusal('ILLEGAL_TRANSITION', 'An archived product does not change any more.', ['id'])]);
  }
  const refusals: Refusal[] = [];
  const next: ProductState = {
    ...product,
    texts: [...product.texts],
    version: product.version + 1,
    updatedAt: facts.now,
  };
  const keep = <T>(outcome: Outcome<T>, use: (value: T) => void): void => {
    if (outcome.ok) use(outcome.value);
    else refusals.push(...outcome.rejection);
  };
  const source = next.texts[0]!;
  if (change.title !== undefined && change.title !== null) {
    keep(checkedText(change.title, { max: MAX_TITLE, field: ['title'], what: 'The title' }), (title) => {
      next.texts[0] = { ...next.texts[0]!, language: source.language, title };
    });
  }
  if (change.description !== undefined && change.description !== null) {
    keep(checkDescription(change.description, ['description']), (description) => {
      next.texts[0] = { ...next.texts[0]!, description };
    });
  }
  if (change.translations) {
    keep(checkTranslations(change.translations), (translations) => {
      next.texts = translated(next.texts, translations);
    });
  }
  if (change.attributes) {
    keep(checkAttributes(change.attributes, facts.definitions, { field: ['attributes'] }), (attributes) => {
      next.attributes = attributes;
    });
  }
  if (change.media) {
    if (change.media.length > MAX_MEDIA) refusals.push(tooManyMedia());
    next.media = [...change.media];
  }
  return refusals.length > 0 ? refuseAll(refusals) : accept(next);
}

/** Moves a product along `productLife`. What is submitted must say all that its category requires. */
export function moveProduct(
  product: ProductState,
  action: ProductAction,
  facts: {
    now: Date;
    definitions?: readonly AttributeDefinition[];
    moderation?: { by: string; reason: string | null };
  },
): Outcome<ProductState> {
  const status = nextStatus(product.status, action);
  if (!status.ok) return status;
  if (action === 'SUBMIT') {
    const missing = missingAttributes(product.attributes, facts.definitions ?? []);
    if (missing.length > 0) {
      return refuseAll(
        missing.map((key) => refusal('INVALID', `"${key}" is required in this category.`, ['attributes', key])),
      );
    }
  }
  return accept({
    ...product,
    status: status.value,
    moderation: facts.moderation ? { decision: action, ...facts.moderation, at: facts.now } : product.moderation,
    updatedAt: facts.now,
    version: product.version + 1,
  });
}

export function checkBrand(brand: string | null | undefined): Outcome<string | null> {
  if (brand === null || brand === undefined || brand.trim() === '') return accept(null);
  return checkedText(brand, { max: MAX_BRAND, field: ['brand'], what: 'The brand' });
}

function checkDescription(
  text: string | null | undefined,
  field: readonly (string | number)[],
): Outcome<string | null> {
  if (text === null || text === undefined || text.trim() === '') return accept(null);
  return checkedText(text, { max: MAX_DESCRIPTION, field, what: 'The description' });
}

function checkTranslations(inputs: readonly TextInput[]): Outcome<TextInput[]> {
  if (inputs.length > MAX_LANGUAGES) {
    return refuseAll([refusal('INVALID', `At most ${MAX_LANGUAGES} languages.`, ['translations'])]);
  }
  const refusals: Refusal[] = [];
  const texts: TextInput[] = [];
  for (const [index, input] of inputs.entries()) {
    const field = ['translations', index];
    const title = checkedText(input.title ?? '', { max: MAX_TITLE, field: [...field, 'title'], what: 'The title' });
    const description = checkDescription(input.description, [...field, 'description']);
    if (!title.ok) refusals.push(...title.rejection);
    if (!description.ok) refusals.push(...description.rejection);
    if (title.ok && description.ok) {
      texts.push({ language: input.language, title: title.value, description: description.value });
    }
  }
  return refusals.length > 0 ? refuseAll(refusals) : accept(texts);
}

function translated(texts: readonly ProductText[], more: readonly TextInput[]): ProductText[] {
  return withTranslations(
    texts,
    more.map(({ language, title, description }) => ({
      language,
      title: title ?? '',
      description: description ?? null,
    })),
  );
}

function tooManyMedia(): Refusal {
  return refusal('INVALID', `At most ${MAX_MEDIA} images or documents.`, ['mediaUploadIds']);
}
