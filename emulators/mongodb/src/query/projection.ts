import { isNumeric, toNumber } from '../bson/numeric.ts';
import { type MatchPosition, splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Maybe, setField, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import { compileExpression, type Evaluate, type Scope, type Variables } from '../expression/compile.ts';
import { isTruthy } from '../expression/truth.ts';
import { compileArrayProjection, isArrayProjection } from './array-projection.ts';

export type Project = (doc: Doc, position?: MatchPosition) => Doc;

export interface ProjectionContext {
  variables: Variables;
  /** `find` also takes `$slice`, `$elemMatch` and the positional `$`; `$project` reads them as expressions. */
  style: 'find' | 'aggregate';
}

/** One field of the projection tree: kept, dropped, computed, or a level with fields of its own. */
type Node = { kind: 'keep' } | { kind: 'drop' } | { kind: 'compute'; evaluate: Evaluate } | Level;

interface Level {
  kind: 'level';
  fields: Map<string, Node>;
}

export function compileProjection(spec: Doc, context: ProjectionContext): Project {
  const plain: Doc = {};
  const arrays: [path: string, operand: Doc | '$'][] = [];
  for (const [path, value] of Object.entries(spec)) {
    if (context.style === 'find' && path.endsWith('.$')) {
      arrays.push([path.slice(0, -2), '$']);
      plain[path.slice(0, -2)] = 1;
    } else if (context.style === 'find' && isArrayProjection(value)) {
      arrays.push([path, value]);
      // `$elemMatch` keeps its field and drops the others; `$slice` alone leaves the others in place.
      if ('$elemMatch' in value) plain[path] = 1;
    } else {
      setField(plain, path, value);
    }
  }
  // Where fields are picked, a sliced array is one of them; alone, a slice leaves everything else in place.
  if (Object.entries(plain).some(([path, value]) => path !== '_id' && isPicked(value))) {
    for (const [path, operand] of arrays) if (operand !== '$') plain[path] = 1;
  }
  const project = compileTree(plain, context);
  const applyArrays = arrays.map(([path, operand]) => compileArrayProjection(path, operand));
  if (applyArrays.length === 0) return project;
  return (doc, position) => applyArrays.reduce((result, apply) => apply(result, position), project(doc));
}

/** More projections than this at a time are compiled anew. */
const MAX_KNOWN = 500;
const known = new Map<string, { project: Project }>();

/**
 * A projection of a `find` that only keeps fields or only drops them: what it shows of a document follows from the
 * document alone. The same object for the same projection; undefined for any other.
 */
export function plainProjection(spec: Doc): { project: (doc: Doc) => Doc } | undefined {
  for (const path in spec) {
    const value = spec[path];
    if ((value !== 0 && value !== 1 && typeof value !== 'boolean') || path.endsWith('.$')) return undefined;
  }
  const key = JSON.stringify(spec);
  let compiled = known.get(key);
  if (!compiled) {
    compiled = { project: compileProjection(spec, { variables: {}, style: 'find' }) };
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, compiled);
  }
  return compiled;
}

function isPicked(value: Value): boolean {
  if (isDoc(value)) return Object.values(value).some(isPicked);
  return !(isNumeric(value) || typeof value === 'boolean') || isTruthy(value);
}

function compileTree(spec: Doc, context: ProjectionContext): Project {
  const root: Level = { kind: 'level', fields: new Map() };
  addFields(root, spec, context);
  const isInclusion = isInclusionTree(spec, root);
  const id = root.fields.get('_id');
  // `_id` comes along unless it is dropped by name.
  if (isInclusion && id === undefined) root.fields.set('_id', { kind: 'keep' });
  if (isInclusion && id?.kind === 'drop') root.fields.delete('_id');
  return (doc) => {
    const scope: Scope = { root: doc, variables: context.variables };
    const result = isInclusion ? include(doc, root) : exclude(doc, root);
    return compute(result as Doc, root, scope);
  };
}

/** Adds computed fields to documents that otherwise stay as they are: `$addFields` and `$set`. */
export function compileAddFields(spec: Doc, variables: Variables): (doc: Doc) => Doc {
  const root: Level = { kind: 'level', fields: new Map() };
  for (const [path, value] of Object.entries(spec)) addComputed(root, splitPath(path), value);
  return (doc) => compute({ ...doc }, root, { root: doc, variables });
}

function addComputed(level: Level, parts: string[], value: Value): void {
  if (isDoc(value) && Object.keys(value).length > 0 && !Object.keys(value)[0]?.startsWith('$')) {
    for (const [field, inner] of Object.entries(value)) addComputed(level, [...parts, ...splitPath(field)], inner);
  } else {
    place(level, parts, { kind: 'compute', evaluate: compileExpression(value) });
  }
}

function addFields(root: Level, spec: Doc, context: ProjectionContext, prefix: string[] = []): void {
  for (const [path, value] of Object.entries(spec)) {
    if (path.startsWith('$'))
      throw new CommandError('BadValue', `FieldPath field names may not start with '$': ${path}`);
    const parts = [...prefix, ...splitPath(path)];
    if (typeof value === 'boolean' || isNumeric(value)) {
      place(root, parts, { kind: isTruthy(value) ? 'keep' : 'drop' });
    } else if (isDoc(value) && !Object.keys(value)[0]?.startsWith('$')) {
      if (Object.keys(value).length === 0)
        throw new CommandError('BadValue', 'an empty sub-projection is not a valid value');
      addFields(root, value, context, parts);
    } else {
      if (isDoc(value) && '$meta' in value) throw refuse('a projection by $meta');
      place(root, parts, { kind: 'compute', evaluate: compileExpression(value) });
    }
  }
}

function place(root: Level, parts: string[], node: Node): void {
  let level = root;
  for (const [i, part] of parts.entries()) {
    const existing = level.fields.get(part);
    const isLast = i === parts.length - 1;
    if (existing && (isLast || existing.kind !== 'level')) {
      throw new CommandError('Location31249', `Path collision at ${parts.join('.')}`);
    }
    if (isLast) {
      level.fields.set(part, node);
    } else {
      const next: Level = (existing as Level | undefined) ?? { kind: 'level', fields: new Map() };
      level.fields.set(part, next);
      level = next;
    }
  }
}

/** Mixing kept and dropped fields is an error, except for `_id`, which may be dropped from either kind. */
function isInclusionTree(spec: Doc, root: Level): boolean {
  const kinds = new Set<string>();
  collectKinds({ level: root, kinds, isTop: true });
  if (kinds.has('drop') && (kinds.has('keep') || kinds.has('compute'))) {
    throw new CommandError(
      'Location31254',
      `Cannot do inclusion and exclusion of fields in one projection: ${Object.keys(spec)}`,
    );
  }
  if (kinds.has('drop')) return false;
  if (kinds.has('keep')) return true;
  const id = root.fields.get('_id');
  return kinds.has('compute') || id?.kind === 'keep';
}

function collectKinds({ level, kinds, isTop }: { level: Level; kinds: Set<string>; isTop: boolean }): void {
  for (const [field, node] of level.fields) {
    if (node.kind === 'level') collectKinds({ level: node, kinds, isTop: false });
    else if (!(isTop && field === '_id')) kinds.add(node.kind);
  }
}

function include(value: Maybe, level: Level): Maybe {
  if (Array.isArray(value)) {
    return value.map((item) => include(item, level)).filter((item) => item !== undefined);
  }
  if (!isDoc(value)) return undefined;
  const result: Doc = {};
  for (const field of Object.keys(value)) {
    const node = level.fields.get(field);
    if (node?.kind === 'keep') {
      setField(result, field, value[field] as Value);
    } else if (node?.kind === 'level') {
      const inner = include(value[field], node);
      if (inner !== undefined) setField(result, field, inner);
    }
  }
  return result;
}

function exclude(value: Maybe, level: Level): Maybe {
  if (Array.isArray(value)) return value.map((item) => exclude(item, level) as Value);
  if (!isDoc(value)) return value;
  const result: Doc = {};
  for (const field of Object.keys(value)) {
    const node = level.fields.get(field);
    if (node?.kind === 'drop') continue;
    setField(result, field, (node?.kind === 'level' ? exclude(value[field], node) : value[field]) as Value);
  }
  return result;
}

/** Computed fields go where the specification puts them, after the fields that were there already. */
function compute(target: Doc, level: Level, scope: Scope): Doc {
  for (const [field, node] of level.fields) {
    if (node.kind === 'compute') {
      const value = node.evaluate(scope);
      if (value === undefined) delete target[field];
      else setField(target, field, value);
    } else if (node.kind === 'level' && hasComputed(node)) {
      setField(target, field, computeInside(Object.hasOwn(target, field) ? target[field] : undefined, node, scope));
    }
  }
  return target;
}

function computeInside(current: Maybe, level: Level, scope: Scope): Value {
  if (Array.isArray(current)) return current.map((item) => computeInside(item, level, scope));
  return compute(isDoc(current) ? { ...current } : {}, level, scope);
}

function hasComputed(level: Level): boolean {
  return [...level.fields.values()].some(
    (node) => node.kind === 'compute' || (node.kind === 'level' && hasComputed(node)),
  );
}

export function wholeNumberOf(value: Value, what: string): number {
  if (isNumeric(value) && Number.isSafeInteger(toNumber(value))) return toNumber(value);
  throw new CommandError('BadValue', `${what} must be a whole number`);
}
