import { type DocumentNode, Kind, type SelectionNode, visit } from 'graphql';

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * The document as clients with a normalised cache send it: they ask every
 * object, the root apart, for its type. A test holds this to Apollo Client's own.
 */
export function withTypenames(document: DocumentNode): DocumentNode {
  return visit(document, {
    SelectionSet(set, _key, parent) {
      if (isOperation(parent)) return undefined;
      const isMeta = (selection: SelectionNode) =>
        selection.kind === Kind.FIELD && selection.name.value.startsWith('__');
      return set.selections.some(isMeta) ? undefined : { ...set, selections: [...set.selections, TYPENAME] };
    },
  });
}

function isOperation(node: unknown): boolean {
  return typeof node === 'object' && node !== null && Reflect.get(node, 'kind') === Kind.OPERATION_DEFINITION;
}
