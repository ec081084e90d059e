import {
  type DirectiveNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { OperationParts } from './operation.ts';

/** One field of the result, with all its occurrences in the document. */
export interface CollectedField {
  name: string;
  nodes: FieldNode[];
  /** The type whose field it is to the client: for messages. */
  parent: string;
  /** Null for `__typename`, `__schema` and `__type`. */
  definition: GraphQLField<unknown, unknown> | null;
}

export interface Collection {
  parts: OperationParts;
  /** The variables of @skip and @include that are true. */
  truths: ReadonlySet<string>;
}

/** CollectFields and MergeSelectionSets of the specification, for objects of one type. */
export function collectFields(
  collection: Collection,
  type: GraphQLNamedType,
  selectionSets: readonly SelectionSetNode[],
): CollectedField[] {
  const fields = new Map<string, CollectedField>();
  for (const selectionSet of selectionSets) collectInto({ ...collection, type, fields }, selectionSet, type);
  return [...fields.values()];
}

interface Collecting extends Collection {
  type: GraphQLNamedType;
  fields: Map<string, CollectedField>;
}

function collectInto(collecting: Collecting, { selections }: SelectionSetNode, parent: GraphQLNamedType): void {
  const { parts, type, fields, truths } = collecting;
  for (const selection of selections) {
    if (!isIncluded(selection.directives, truths)) continue;
    if (selection.kind === Kind.FIELD) {
      const name = (selection.alias ?? selection.name).value;
      const known = fields.get(name);
      if (known) known.nodes.push(selection);
      else {
        const definition = fieldOf(type, selection.name.value) ?? fieldOf(parent, selection.name.value);
        fields.set(name, { name, nodes: [selection], parent: parent.name, definition });
      }
      continue;
    }
    const holder = selection.kind === Kind.INLINE_FRAGMENT ? selection : parts.fragments.get(selection.name.value);
    if (!holder) continue;
    const condition = holder.typeCondition ? parts.schema.getType(holder.typeCondition.name.value) : parent;
    if (!condition) continue;
    if (holder.typeCondition && !applies(parts.schema, condition, type)) continue;
    collectInto(collecting, holder.selectionSet, condition);
  }
}

function fieldOf(type: GraphQLNamedType, name: string): GraphQLField<unknown, unknown> | null {
  return isObjectType(type) || isInterfaceType(type) ? (type.getFields()[name] ?? null) : null;
}

function applies(schema: GraphQLSchema, condition: GraphQLNamedType, type: GraphQLNamedType): boolean {
  if (condition === type) return true;
  return isAbstractType(condition) && (isObjectType(type) || isInterfaceType(type))
    ? schema.isSubType(condition, type)
    : false;
}

function isIncluded(directives: readonly DirectiveNode[] | undefined, truths: ReadonlySet<string>): boolean {
  for (const { name, arguments: given } of directives ?? []) {
    if (name.value !== 'skip' && name.value !== 'include') continue;
    const value = given?.find((argument) => argument.name.value === 'if')?.value;
    const truth =
      value?.kind === Kind.BOOLEAN ? value.value : value?.kind === Kind.VARIABLE && truths.has(value.name.value);
    if (truth === (name.value === 'skip')) return false;
  }
  return true;
}
