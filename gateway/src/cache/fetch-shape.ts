import {
  baseType,
  type CompositeType,
  type FieldDefinition,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type ObjectType,
  type OutputType,
  type Schema,
  type Supergraph,
} from '@apollo/federation-internals';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { keyFields, publicSeconds } from '../graph/gateway-directives.ts';

/** What is to be known of a planned fetch to keep its answers. */
export interface FetchShape {
  /** One for each question, whatever the operation is called; never used again. */
  id: number;
  /** The variable that holds the representations; null when the answer is kept as a whole. */
  representations: string | null;
  maxAgeMs: number;
  /** The names under which answers carry ids. */
  idNames: ReadonlySet<string>;
  /** Whether an event can be about something in it without naming it by an id it is kept under. */
  isUnnamed: boolean;
  /** Variables that name the entity of a root field, where its answer does not. Without them it is an unnamed one. */
  idVariables: readonly string[];
  /** The same, written out in the text. */
  ids: readonly string[];
}

export interface FetchShapes {
  /** Null: something in it is not public, and nothing of it is kept. */
  of(query: string): FetchShape | null;
}

const CACHED_SHAPES = 2_000;

let lastId = 0;

/** Looks at each text once. Whatever it does not understand is not public. */
export function fetchShapes(supergraph: Supergraph): FetchShapes {
  const known = new LRUCache<string, { shape: FetchShape | null }>({ max: CACHED_SHAPES });
  const byQuestion = new LRUCache<string, { shape: FetchShape | null }>({ max: CACHED_SHAPES });
  return {
    of(query) {
      let entry = known.get(query);
      if (entry) return entry.shape;
      // Planners name a fetch after the client's operation; what is asked is the same without.
      const question = query.replace(OPERATION_NAME, 'query');
      entry = byQuestion.get(question);
      if (!entry) byQuestion.set(question, (entry = { shape: new ShapeReader(supergraph.schema, query).read() }));
      known.set(query, entry);
      return entry.shape;
    },
  };
}

const OPERATION_NAME = /^query\s+\w+/;
const NOT_PUBLIC = 0;

class ShapeReader {
  private readonly document: DocumentNode;
  private readonly idNames = new Set<string>();
  private readonly idVariables: string[] = [];
  private readonly ids: string[] = [];
  private isUnnamed = false;

  constructor(
    private readonly schema: Schema,
    query: string,
  ) {
    this.document = parse(query, { noLocation: true });
  }

  read(): FetchShape | null {
    const operation = this.document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION) as
      | OperationDefinitionNode
      | undefined;
    if (operation?.operation !== 'query') return null;
    const [first, ...others] = operation.selectionSet.selections;
    const entities = first?.kind === Kind.FIELD && first.name.value === '_entities' && !first.alias ? first : null;
    const representations = entities && others.length === 0 ? variableOf(entities, 'representations') : null;
    const seconds = representations
      ? this.entities(entities!.selectionSet!)
      : this.selection(operation.selectionSet, rootsOf(this.schema), undefined);
    if (seconds === NOT_PUBLIC || !Number.isFinite(seconds)) return null;
    return {
      id: (lastId += 1),
      representations,
      maxAgeMs: seconds * 1_000,
      isUnnamed: this.isUnnamed,
      idNames: this.idNames,
      idVariables: this.idVariables,
      ids: this.ids,
    };
  }

  /** An entity that is asked for by its key is named by it, whatever is selected. */
  private entities({ selections }: SelectionSetNode): number {
    let least = Infinity;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD && selection.name.value === '__typename') continue;
      if (selection.kind !== Kind.INLINE_FRAGMENT || !selection.typeCondition) return NOT_PUBLIC;
      const types = objectTypes(this.schema, selection.typeCondition.name.value);
      least = Math.min(least, this.selection(selection.selectionSet, types, undefined));
    }
    return least;
  }

  /**
   * The seconds for which everything that is selected is public: the least of
   * all fields, on every type that there can be. `inherited` is what the field
   * that leads here says, for values that are a part of it and no entities.
   */
  private selection({ selections }: SelectionSetNode, types: ObjectType[], inherited: number | undefined): number {
    if (types.length === 0) return NOT_PUBLIC;
    let least = Infinity;
    for (const selection of selections) {
      let seconds: number;
      if (selection.kind === Kind.FIELD) {
        seconds = Math.min(...types.map((type) => this.field(selection, type, inherited)));
      } else {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.fragment(selection.name.value);
        if (!fragment) return NOT_PUBLIC;
        const condition = fragment.typeCondition?.name.value;
        const wanted = condition ? new Set(objectTypes(this.schema, condition)) : null;
        const some = wanted ? types.filter((type) => wanted.has(type)) : types;
        // No type of this place fits: nothing of the fragment is ever answered.
        seconds = some.length === 0 ? Infinity : this.selection(fragment.selectionSet, some, inherited);
      }
      if (seconds === NOT_PUBLIC) return NOT_PUBLIC;
      least = Math.min(least, seconds);
    }
    return least;
  }

  private field(node: FieldNode, parent: ObjectType, inherited: number | undefined): number {
    const name = node.name.value;
    if (name === '__typename') return Infinity;
    const field = parent.field(name);
    if (!field?.type) return NOT_PUBLIC;
    const keys = keyFields(parent);
    const own = publicSeconds(field);
    const type = baseType(field.type);
    if (!node.selectionSet || !isCompositeType(type)) {
      if (name === 'id' && keys.size > 0) this.idNames.add((node.alias ?? node.name).value);
      // The key is how the question was put, so it tells nothing.
      if (keys.has(name)) return own ?? Infinity;
      if (isRoot(this.schema, parent)) this.isUnnamed = true;
      return own ?? publicSeconds(parent) ?? inherited ?? NOT_PUBLIC;
    }
    const types = objectTypes(this.schema, type.name);
    const isEntity = types.some((one) => keyFields(one).size > 0);
    const way = own ?? leastOf(types.map(publicSeconds)) ?? inherited;
    if (way === undefined) return NOT_PUBLIC;
    const inside = this.selection(node.selectionSet, types, isEntity ? undefined : way);
    if (inside === NOT_PUBLIC) return NOT_PUBLIC;
    if (!this.isNamed(node, field, isEntity)) this.isUnnamed = true;
    return Math.min(way, inside);
  }

  /** Whether an event that changes what is answered here can be told by the ids the answer is kept under. */
  private isNamed(node: FieldNode, { parent, type }: FieldDefinition<CompositeType>, isEntity: boolean): boolean {
    if (!isRoot(this.schema, parent)) return !isEntity || selectsId(node);
    // A list at the root belongs to nothing: who joins it names nobody in it.
    return isEntity && !isList(type!) && (selectsId(node) || this.takesId(node));
  }

  /** A root field that is given the id of what it answers. */
  private takesId(node: FieldNode): boolean {
    const value = node.arguments?.find((argument) => argument.name.value === 'id')?.value;
    if (value?.kind === Kind.VARIABLE) this.idVariables.push(value.name.value);
    else if (value?.kind === Kind.STRING) this.ids.push(value.value);
    else return false;
    return true;
  }

  private fragment(name: string): FragmentDefinitionNode | undefined {
    return this.document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
    ) as FragmentDefinitionNode | undefined;
  }
}

function selectsId({ selectionSet }: FieldNode): boolean {
  return selectionSet!.selections.some(
    (selection) =>
      selection.kind === Kind.FIELD && selection.name.value === 'id' && (selection.directives ?? []).length === 0,
  );
}

function isList(type: OutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

function rootsOf(schema: Schema): ObjectType[] {
  const query = schema.schemaDefinition.rootType('query');
  return query ? [query] : [];
}

function isRoot(schema: Schema, type: CompositeType): boolean {
  return schema.schemaDefinition.rootType('query') === type;
}

function objectTypes(schema: Schema, name: string): ObjectType[] {
  const type = schema.type(name);
  if (!type || !isCompositeType(type)) return [];
  return isObjectType(type) ? [type] : possibleTypes(type);
}

function possibleTypes(type: Exclude<CompositeType, ObjectType>): ObjectType[] {
  return [...(isUnionType(type) ? type.types() : type.possibleRuntimeTypes())];
}

/** Undefined when one of them is. */
function leastOf(seconds: readonly (number | undefined)[]): number | undefined {
  return seconds.reduce<number | undefined>(
    (least, one) => (least === undefined || one === undefined ? undefined : Math.min(least, one)),
    Infinity,
  );
}

function variableOf({ arguments: args = [] }: FieldNode, name: string): string | null {
  const value = args.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.VARIABLE ? value.name.value : null;
}
