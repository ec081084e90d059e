import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** The size of one operation, with fragments counted as often as they are used. */
export interface Measure {
  depth: number;
  aliases: number;
  directives: number;
  /** With fragments written out. */
  fields: number;
  rootFields: number;
}

/** Sums of fragments of fragments grow exponentially; beyond this they are only "too many". */
const CEILING = 1_000_000;

/** One pass over the text: a fragment is measured once, however often it is spread. */
export function measureOperation(document: DocumentNode, operation: OperationDefinitionNode): Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Measure>();
  const nothing: Measure = { depth: 0, aliases: 0, directives: 0, fields: 0, rootFields: 0 };

  const ofFragment = (name: string): Measure => {
    const known = measured.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    // A fragment that spreads itself counts as nothing here; validation refuses it.
    measured.set(name, nothing);
    const measure = fragment ? ofSelections(fragment.selectionSet) : nothing;
    measured.set(name, measure);
    return measure;
  };

  const ofSelections = (set: SelectionSetNode): Measure => {
    const total = { ...nothing };
    const add = (inner: Measure) => {
      total.depth = Math.max(total.depth, inner.depth);
      for (const what of ['aliases', 'directives', 'fields', 'rootFields'] as const) {
        total[what] = Math.min(total[what] + inner[what], CEILING);
      }
    };
    for (const selection of set.selections) {
      total.directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.FRAGMENT_SPREAD) add(ofFragment(selection.name.value));
      else if (selection.kind === Kind.INLINE_FRAGMENT) add(ofSelections(selection.selectionSet));
      else {
        const inner = selection.selectionSet ? ofSelections(selection.selectionSet) : nothing;
        add({ ...inner, depth: inner.depth + 1, fields: inner.fields + 1, rootFields: 1 });
        if (selection.alias) total.aliases += 1;
      }
    }
    return total;
  };

  const measure = ofSelections(operation.selectionSet);
  return { ...measure, directives: measure.directives + (operation.directives?.length ?? 0) };
}
