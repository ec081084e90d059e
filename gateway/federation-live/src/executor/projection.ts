import {
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLOutputType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import { type CollectedField, collectFields, type Collection } from './collect-fields.ts';
import { introspect } from './introspection.ts';
import { isInherited, isObject, type JsonObject, ownValue, ResultObject } from './json-object.ts';
import { type LeafTest, leafTest } from './leaf.ts';
import type { OperationParts } from './operation.ts';
import type { Path } from './places.ts';
import { addError, type Run } from './run.ts';

/** Makes the client's data of the merged answers. */
export type Projection = (run: Run) => JsonObject | null;

/** A null whose error has been told. */
const FAILED = Symbol('failed');
/** A null where the schema promises none, told as well: the parent becomes null. */
const BROKEN = Symbol('broken');

/** Where we are in the result of a run. */
class Position {
  readonly path: (string | number)[] = [];
  readonly run: Run;

  constructor(run: Run) {
    this.run = run;
  }

  tell(message: string): typeof FAILED {
    const path = [...this.path];
    if (!this.run.explained.some((place) => concerns(place, path))) {
      addError(this.run, message, { path, extensions: { code: 'INVALID_GRAPHQL' } });
    }
    return FAILED;
  }
}

/** Whether an error at `place` explains what is missing at `path`: one lies at or below the other. */
function concerns(place: Path, path: Path): boolean {
  const shared = Math.min(place.length, path.length);
  for (let at = 0; at < shared; at++) {
    if (place[at] !== path[at] && !(place[at] === '@' && typeof path[at] === 'number')) return false;
  }
  return true;
}

/** Completes a value of one type: what goes out, null, `FAILED` or `BROKEN`. */
type Complete = (value: unknown, at: Position) => unknown;

interface ProjectedField {
  name: string;
  inherited: boolean;
  /** For leaves: values that pass go out as they are. */
  test: LeafTest | null;
  /** Null for what needs no value of a service. */
  complete: Complete | null;
  meta: ((at: Position) => unknown) | null;
}

export function compileProjection(parts: OperationParts, truths: ReadonlySet<string>): Projection {
  const { schema, operation } = parts;
  const type = schema.getRootType(operation.operation);
  if (!type) throw new GraphQLError(`The schema has no ${operation.operation}.`);
  const objects = new ObjectProjections({ parts, truths }, type, [operation.selectionSet]);
  return (run) => {
    const data = objects.complete(run.root, new Position(run));
    return data === FAILED ? null : (data as JsonObject);
  };
}

/** One selection set, as it reads for each type of object that turns up. */
class ObjectProjections {
  private readonly byName = new Map<string, readonly ProjectedField[]>();
  private unnamed: readonly ProjectedField[] | undefined;
  private readonly collection: Collection;
  private readonly type: GraphQLCompositeType;
  private readonly selectionSets: readonly SelectionSetNode[];

  constructor(collection: Collection, type: GraphQLCompositeType, selectionSets: readonly SelectionSetNode[]) {
    this.collection = collection;
    this.type = type;
    this.selectionSets = selectionSets;
  }

  /** The object as selected, or `FAILED`. */
  complete(source: JsonObject, at: Position): JsonObject | typeof FAILED | null {
    const typename = source['__typename'];
    const fields =
      typename === undefined ? this.static() : (this.byName.get(typename as string) ?? this.named(typename));
    if (!fields) return null;
    const result = new ResultObject();
    for (const field of fields) {
      const { name, test } = field;
      const value = field.inherited ? ownValue(source, name) : source[name];
      if (test?.(value)) {
        result[name] = value;
        continue;
      }
      at.path.push(name);
      const completed = field.complete ? field.complete(value ?? null, at) : field.meta!(at);
      at.path.pop();
      if (completed === BROKEN) return FAILED;
      result[name] = completed === FAILED ? null : completed;
    }
    return result;
  }

  private static(): readonly ProjectedField[] {
    this.unnamed ??= this.compile(this.type);
    return this.unnamed;
  }

  /** Null when clients know of no such type. */
  private named(typename: unknown): readonly ProjectedField[] | null {
    if (typename === '' || typename === null) return this.static();
    if (typeof typename !== 'string') return null;
    const type = this.collection.parts.schema.getType(typename);
    if (!type || !isCompositeType(type)) return null;
    const fields = this.compile(type);
    this.byName.set(typename, fields);
    return fields;
  }

  private compile(type: GraphQLCompositeType): readonly ProjectedField[] {
    return collectFields(this.collection, type, this.selectionSets).map((field) => this.projected(field, type));
  }

  private projected(field: CollectedField, type: GraphQLCompositeType): ProjectedField {
    const { name, definition } = field;
    const shared = { name, inherited: isInherited(name) };
    if (definition) {
      const inner = isNonNullType(definition.type) ? definition.type.ofType : definition.type;
      const test = isLeafType(inner) ? leafTest(inner) : null;
      return { ...shared, test, complete: compileType(definition.type, field, this.collection), meta: null };
    }
    const meta =
      field.nodes[0]!.name.value === '__typename'
        ? (at: Position) =>
            isObjectType(type) ? type.name : (at.tell(`The type of a ${type.name} is not known.`), BROKEN)
        : (at: Position) => introspect(this.collection.parts, field, at.run);
    return { ...shared, test: null, complete: null, meta };
  }
}

function compileType(type: GraphQLOutputType, field: CollectedField, collection: Collection): Complete {
  if (isNonNullType(type)) {
    const complete = compileType(type.ofType, field, collection);
    return (value, at) => {
      const completed = complete(value, at);
      if (completed === null) at.tell(`Cannot return null for non-nullable ${describe(type.ofType, field, at)}.`);
      return completed === null || completed === FAILED ? BROKEN : completed;
    };
  }
  if (isListType(type)) {
    const complete = compileType(type.ofType, field, collection);
    return (value, at) => {
      if (value === null) return null;
      return Array.isArray(value) ? completeList(value, complete, at) : invalid(type, field, at);
    };
  }
  if (isLeafType(type)) {
    const test = leafTest(type);
    return (value, at) => (value === null || test(value) ? value : invalid(type, field, at));
  }
  const selectionSets = field.nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const objects = new ObjectProjections(collection, type, selectionSets);
  return (value, at) => {
    if (value === null) return null;
    if (!isObject(value)) return invalid(type, field, at);
    return (
      objects.complete(value, at) ?? at.tell(`Invalid __typename found for object at ${describe(type, field, at)}.`)
    );
  };
}

function completeList(values: readonly unknown[], complete: Complete, at: Position): unknown {
  const completed: unknown[] = [];
  let broken = false;
  for (let index = 0; index < values.length; index++) {
    at.path.push(index);
    const element = complete(values[index] ?? null, at);
    at.path.pop();
    if (element === BROKEN) broken = true;
    completed.push(element === FAILED ? null : element);
  }
  return broken ? FAILED : completed;
}

function invalid(type: GraphQLOutputType, field: CollectedField, at: Position): typeof FAILED {
  return at.tell(`Invalid value found for ${describe(type, field, at)}.`);
}

function describe(type: GraphQLOutputType, { parent }: CollectedField, { path }: Position): string {
  const last = path.at(-1);
  return typeof last === 'number'
    ? `array element of type ${String(type)} at index ${last}`
    : `field ${parent}.${last}`;
}
