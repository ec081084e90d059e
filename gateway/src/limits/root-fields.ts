import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql';

/** Validation has refused fragments that spread themselves; this only guards the stack. */
const MAX_DEPTH = 100;

/** Every field an operation selects at its root, also through fragments; whatever directives say. */
export function rootFields(document: DocumentNode, set: SelectionSetNode, depth = 0): FieldNode[] {
  if (depth > MAX_DEPTH) return [];
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(document, selection.selectionSet, depth + 1);
    const fragment = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
    );
    return fragment && 'selectionSet' in fragment ? rootFields(document, fragment.selectionSet, depth + 1) : [];
  });
}
