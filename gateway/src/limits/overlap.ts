import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/**
 * How many pairs of fields have the same place in the answer. Validation compares each of them, so this is what a
 * document costs before anything about it is known. Infinity: more than there is reason to count.
 */
export function overlappingPairs(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { maxDepth, maxFields, maxPairs }: { maxDepth: number; maxFields: number; maxPairs: number },
): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  let fields = 0;
  let pairs = 0;

  // Fragments that go in circles have no end; that they do is for validation to say.
  let level: SelectionSetNode[][] = [[operation.selectionSet]];
  for (let depth = 0; depth < maxDepth && level.length > 0; depth += 1) {
    const next: SelectionSetNode[][] = [];
    for (const sets of level) {
      const byName = new Map<string, FieldNode[]>();
      const spread = new Set<string>();
      const open = [...sets];
      for (let set = open.pop(); set; set = open.pop()) {
        for (const selection of set.selections) {
          if (selection.kind === Kind.INLINE_FRAGMENT) open.push(selection.selectionSet);
          else if (selection.kind === Kind.FRAGMENT_SPREAD) {
            const name = selection.name.value;
            const fragment = spread.has(name) ? undefined : fragments.get(name);
            spread.add(name);
            if (fragment) open.push(fragment.selectionSet);
          } else {
            fields += 1;
            const name = (selection.alias ?? selection.name).value;
            const same = byName.get(name);
            if (same) same.push(selection);
            else byName.set(name, [selection]);
          }
        }
        if (fields > maxFields) return Infinity;
      }
      for (const same of byName.values()) {
        pairs += (same.length * (same.length - 1)) / 2;
        const inner = same.flatMap(({ selectionSet }) => selectionSet ?? []);
        if (inner.length > 0) next.push(inner);
      }
      if (pairs > maxPairs) return Infinity;
    }
    level = next;
  }
  return pairs;
}
