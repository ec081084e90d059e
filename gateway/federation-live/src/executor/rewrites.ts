import type { FetchDataRewrite } from '@apollo/query-planner';
import { isObject, type JsonObject, ownValue, setOwn } from './json-object.ts';
import { fieldOf, type Shape } from './merge-shape.ts';
import type { SupergraphTypes } from './supergraph-types.ts';

const FRAGMENT = '... on ';

/** Changes `value`, which must be the caller's own, as the planner asks. */
export function rewrite(rewrites: readonly FetchDataRewrite[], value: unknown, types: SupergraphTypes): void {
  for (const each of rewrites) rewriteAt(each, 0, value, types);
}

function rewriteAt(each: FetchDataRewrite, at: number, value: unknown, types: SupergraphTypes): void {
  if (Array.isArray(value)) {
    for (const item of value) rewriteAt(each, at, item, types);
    return;
  }
  if (!isObject(value)) return;
  const element = each.path[at];
  if (element === undefined) return;
  if (element.startsWith(FRAGMENT)) {
    if (holds(value, element.slice(FRAGMENT.length), types)) rewriteAt(each, at + 1, value, types);
  } else if (at < each.path.length - 1) {
    rewriteAt(each, at + 1, ownValue(value, element), types);
  } else if (each.kind === 'ValueSetter') {
    setOwn(value, element, each.setValueTo);
  } else {
    const moved = ownValue(value, element);
    if (moved === undefined) return;
    delete value[element];
    setOwn(value, each.renameKeyTo, moved);
  }
}

/** An object that does not tell its type is taken to be of the one that the planner expects. */
function holds(value: JsonObject, condition: string, types: SupergraphTypes): boolean {
  const typename = ownValue(value, '__typename');
  return typeof typename !== 'string' || types.under(condition).has(typename);
}

/** Lets a shape know of the names that rewriting brings in. */
export function reshape(rewrites: readonly FetchDataRewrite[], shape: Shape): void {
  for (const each of rewrites) {
    const names = each.path.filter((element) => !element.startsWith(FRAGMENT));
    const last = names.pop();
    if (last === undefined) continue;
    let at: Shape | null = shape;
    for (const name of names) at = at && fieldOf(at, name).shape;
    if (!at) continue;
    const source = fieldOf(at, last);
    if (each.kind === 'ValueSetter') continue;
    const target = fieldOf(at, each.renameKeyTo);
    target.shape = joined(target.shape, source.shape);
  }
}

function joined(one: Shape | null, other: Shape | null): Shape | null {
  if (!one || !other) return one ?? other;
  for (const { name, shape } of other.fields) {
    const field = fieldOf(one, name);
    field.shape = joined(field.shape, shape);
  }
  return one;
}

/** A copy that rewriting may change. */
export function deepCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepCopy);
  if (!isObject(value)) return value;
  const copied: JsonObject = { ...value };
  for (const name of Object.keys(copied)) {
    const inner = copied[name];
    if (typeof inner === 'object' && inner !== null) setOwn(copied, name, deepCopy(inner));
  }
  return copied;
}
