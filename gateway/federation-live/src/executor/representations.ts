import type { FetchDataRewrite, FetchNode } from '@apollo/query-planner';
import { isInherited, isObject, type JsonObject, ownValue } from './json-object.ts';
import type { SupergraphTypes } from './supergraph-types.ts';
import { rewrite } from './rewrites.ts';

type Requires = NonNullable<FetchNode['requires']>;

/** What one fetch of entities asks, each distinct question once. */
export interface Questions {
  representations: JsonObject[];
  /** For each object whether it asks: the index of its representation, or -1. */
  indexes: number[];
}

export type Questioner = (objects: readonly JsonObject[]) => Questions;

export interface QuestionerOptions {
  requires: Requires;
  inputRewrites: readonly FetchDataRewrite[];
  /** Objects of different types never share an answer, even where the question is the same. */
  apartByType: boolean;
  types: SupergraphTypes;
}

interface RequiredField {
  name: string;
  inherited: boolean;
  /** Null for leaves. */
  below: RequiredGroup | null;
}

/** Fields that are sent together or not at all. */
interface RequiredGroup {
  condition: ReadonlySet<string> | null;
  fields: RequiredField[];
  groups: RequiredGroup[];
}

/** What is asked for objects of one type. */
interface Variant {
  build(object: JsonObject): JsonObject | null;
  /** What tells two representations of this variant apart. */
  keyOf(representation: JsonObject): unknown;
  /** Variants whose representations compare have the same. */
  bucket: number;
}

export function compileQuestioner(options: QuestionerOptions): Questioner {
  const all = groupOf(options.requires, null, options.types);
  const variants = new Map<unknown, Variant>();
  const buckets = new Map<string, number>();

  const variantOf = (typename: unknown): Variant => {
    let variant = variants.get(typename);
    if (!variant) {
      variant = compileVariant(all, typename, options, buckets);
      // A service may answer any name; only those that the schema knows of are worth keeping.
      if (typeof typename === 'string' && knows(all, typename)) variants.set(typename, variant);
    }
    return variant;
  };

  return (objects) => {
    const representations: JsonObject[] = [];
    const indexes: number[] = [];
    const seen: (Map<unknown, number> | undefined)[] = [];
    for (const object of objects) {
      const variant = variantOf(object['__typename']);
      const representation = variant.build(object);
      if (representation === null) {
        indexes.push(-1);
        continue;
      }
      const known = (seen[variant.bucket] ??= new Map());
      const key = variant.keyOf(representation);
      let index = known.get(key);
      if (index === undefined) {
        index = representations.push(representation) - 1;
        known.set(key, index);
      }
      indexes.push(index);
    }
    return { representations, indexes };
  };
}

function groupOf(selections: Requires, condition: ReadonlySet<string> | null, types: SupergraphTypes): RequiredGroup {
  const group: RequiredGroup = { condition, fields: [], groups: [] };
  for (const selection of selections) {
    if (selection.kind === 'Field') {
      const name = selection.alias ?? selection.name;
      const below = selection.selections ? groupOf(selection.selections, null, types) : null;
      group.fields.push({ name, inherited: isInherited(name), below });
    } else if (selection.typeCondition) {
      group.groups.push(groupOf(selection.selections, types.under(selection.typeCondition), types));
    }
  }
  return group;
}

function knows({ groups }: RequiredGroup, typename: string): boolean {
  return groups.some((group) => group.condition?.has(typename) || knows(group, typename));
}

function compileVariant(
  all: RequiredGroup,
  typename: unknown,
  { inputRewrites, apartByType, types }: QuestionerOptions,
  buckets: Map<string, number>,
): Variant {
  const bucketOf = (name: string): number => {
    const full = apartByType ? `${String(typename)} ${name}` : name;
    if (!buckets.has(full)) buckets.set(full, buckets.size);
    return buckets.get(full)!;
  };
  const group = narrowed(all, typename);
  const simple = group && flat(group);
  const rewrites = simple ? constantsOf(inputRewrites, typename, types) : null;
  if (simple && rewrites) {
    const { fields } = simple;
    const sent = String(rewrites.get('__typename') ?? typename);
    return {
      build: (object) => buildFlat(object, fields, rewrites),
      keyOf: keyOfFields(fields.map(({ name }) => name).filter((name) => name !== '__typename')),
      bucket: bucketOf(`${sent} ${fields.map(({ name }) => name).join(' ')}`),
    };
  }
  return {
    build(object) {
      const built = group && buildGroup(object, group);
      if (!built || !built['__typename']) return null;
      rewrite(inputRewrites, built, types);
      return built;
    },
    keyOf: (representation) => JSON.stringify(representation),
    bucket: bucketOf(''),
  };
}

/** What is left of a group for one type; null when nothing is. */
function narrowed(group: RequiredGroup, typename: unknown): RequiredGroup | null {
  if (group.condition && !(typeof typename === 'string' && group.condition.has(typename))) return null;
  const groups = group.groups.flatMap((inner) => narrowed(inner, typename) ?? []);
  if (group.fields.length === 0 && groups.length === 0) return null;
  return { condition: null, fields: group.fields, groups };
}

/** The one group that has fields, if these are leaves and tell the type. */
function flat(group: RequiredGroup): RequiredGroup | null {
  let at = group;
  while (at.fields.length === 0 && at.groups.length === 1) at = at.groups[0]!;
  const simple =
    at.groups.length === 0 &&
    at.fields.every(({ below }) => below === null) &&
    at.fields.some(({ name }) => name === '__typename');
  return simple ? at : null;
}

/** Rewrites that come down to constants for objects of this type, or null when they do not. */
function constantsOf(
  rewrites: readonly FetchDataRewrite[],
  typename: unknown,
  types: SupergraphTypes,
): Map<string, unknown> | null {
  const constants = new Map<string, unknown>();
  for (const each of rewrites) {
    const path = [...each.path];
    const name = path.pop();
    if (each.kind !== 'ValueSetter' || name === undefined) return null;
    if (!path.every((element) => element.startsWith('... on '))) return null;
    const current = constants.get('__typename') ?? typename;
    if (path.every((element) => types.under(element.slice('... on '.length)).has(String(current)))) {
      constants.set(name, each.setValueTo);
    }
  }
  return constants;
}

function buildFlat(
  object: JsonObject,
  fields: readonly RequiredField[],
  constants: ReadonlyMap<string, unknown>,
): JsonObject | null {
  const built: JsonObject = {};
  for (const { name, inherited } of fields) {
    const value = inherited ? ownValue(object, name) : object[name];
    if (value === undefined) return null;
    built[name] = value;
  }
  if (!built['__typename']) return null;
  for (const [name, value] of constants) built[name] = value;
  return built;
}

function keyOfFields(names: readonly string[]): Variant['keyOf'] {
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    return (built) => {
      const value = built[only];
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
    };
  }
  return (built) => JSON.stringify(names.map((name) => built[name]));
}

function buildGroup(object: JsonObject, { fields, groups }: RequiredGroup): JsonObject | null {
  const built: JsonObject = {};
  for (const { name, inherited, below } of fields) {
    const value = inherited ? ownValue(object, name) : object[name];
    // A key that has not come means that there is nobody to ask about.
    if (value === undefined) return null;
    built[name] = below ? buildBelow(value, below) : value;
  }
  for (const group of groups) {
    if (group.condition && !group.condition.has(String(object['__typename']))) continue;
    const more = buildGroup(object, group);
    if (more) join(built, more);
  }
  return built;
}

function buildBelow(value: unknown, group: RequiredGroup): unknown {
  if (Array.isArray(value)) return value.map((item) => buildBelow(item, group));
  return isObject(value) ? buildGroup(value, group) : null;
}

function join(target: JsonObject, source: JsonObject): void {
  for (const name of Object.keys(source)) {
    const one = target[name];
    const other = source[name];
    if (isObject(one) && isObject(other)) join(one, other);
    else if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
      one.forEach((item, at) => {
        if (isObject(item) && isObject(other[at])) join(item, other[at]);
      });
    } else target[name] = other;
  }
}
