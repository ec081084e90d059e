import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/**
 * Whether a field of this name is selected anywhere below this one: a product of
 * a list is reached again through its variants. `@skip` and `@include` are not
 * looked at: what may be selected is read.
 */
export function isSelectedBelow(info: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>, name: string): boolean {
  return info.fieldNodes.some(({ selectionSet }) => selects(selectionSet, name, info.fragments));
}

function selects(set: SelectionSetNode | undefined, name: string, fragments: GraphQLResolveInfo['fragments']): boolean {
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      return selects(fragments[selection.name.value]?.selectionSet, name, fragments);
    }
    const isIt = selection.kind === Kind.FIELD && selection.name.value === name;
    return isIt || selects(selection.selectionSet, name, fragments);
  });
}
