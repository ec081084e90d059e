import { type DocumentNode, Kind, parse, type SelectionSetNode } from 'graphql';
import type { SupergraphTypes } from './supergraph-types.ts';
import { isInherited, isObject, type JsonObject, ownValue, setOwn } from './json-object.ts';

/**
 * What a fetch may answer at one place: the names it asks for there, by whatever
 * type. Merging looks at these names and at no others.
 */
export interface Shape {
  fields: ShapeField[];
  abstract: ReadonlySet<string>;
  /**
   * Another fetch writes here or below, so that the answer is copied on its way
   * into the result. All else is taken by reference and never written to.
   */
  copied: boolean;
}

export interface ShapeField {
  name: string;
  /** Null for leaves. */
  shape: Shape | null;
  /** Needs care on plain objects. */
  inherited: boolean;
  /** Values that do not overwrite others: for `__typename`, the names of abstract types. */
  weak: ReadonlySet<unknown> | null;
}

/** The shape of an operation's data. */
export function shapeOfOperation(operation: string, { abstract }: SupergraphTypes): Shape {
  const document = parse(operation, { noLocation: true });
  const root = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const shape: Shape = { fields: [], abstract, copied: false };
  if (root) collectShape(document, root.selectionSet, shape);
  return shape;
}

function collectShape(document: DocumentNode, { selections }: SelectionSetNode, shape: Shape): void {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const field = fieldOf(shape, (selection.alias ?? selection.name).value);
      if (!selection.selectionSet) continue;
      field.shape ??= { fields: [], abstract: shape.abstract, copied: false };
      collectShape(document, selection.selectionSet, field.shape);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      collectShape(document, selection.selectionSet, shape);
    } else {
      const fragment = document.definitions.find(
        (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
      );
      if (fragment?.kind === Kind.FRAGMENT_DEFINITION) collectShape(document, fragment.selectionSet, shape);
    }
  }
}

export function fieldOf(shape: Shape, name: string): ShapeField {
  let field = shape.fields.find((field) => field.name === name);
  if (!field) {
    field = { name, shape: null, inherited: isInherited(name), weak: name === '__typename' ? shape.abstract : null };
    shape.fields.push(field);
  }
  return field;
}

/** Writes the answer `source` into `target`, which is the run's own. A later answer overwrites an earlier one. */
export function merge(target: JsonObject, source: JsonObject, { fields }: Shape): void {
  for (const { name, shape, inherited, weak } of fields) {
    const value = inherited ? ownValue(source, name) : source[name];
    if (value === undefined || (weak?.has(value) && target[name] !== undefined)) continue;
    let merged: unknown = value;
    if (shape?.copied && value !== null) {
      merged = mergeValue(inherited ? ownValue(target, name) : target[name], value, shape);
    }
    if (inherited) setOwn(target, name, merged);
    else target[name] = merged;
  }
}

function mergeValue(existing: unknown, value: unknown, shape: Shape): unknown {
  if (Array.isArray(value)) {
    if (!Array.isArray(existing) || existing.length !== value.length) return value.map((item) => copy(item, shape));
    for (let at = 0; at < value.length; at++) {
      const item: unknown = value[at];
      existing[at] = typeof item === 'object' && item !== null ? mergeValue(existing[at], item, shape) : item;
    }
    return existing;
  }
  if (!isObject(value) || !isObject(existing)) return copy(value, shape);
  merge(existing, value, shape);
  return existing;
}

function copy(value: unknown, shape: Shape): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copy(item, shape));
  const copied = { ...value } as JsonObject;
  for (const { name, shape: below, inherited } of shape.fields) {
    if (!below?.copied) continue;
    const inner = inherited ? ownValue(copied, name) : copied[name];
    if (typeof inner !== 'object' || inner === null) continue;
    if (inherited) setOwn(copied, name, copy(inner, below));
    else copied[name] = copy(inner, below);
  }
  return copied;
}
