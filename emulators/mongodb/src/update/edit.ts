import { isIdentical } from '../bson/compare.ts';
import { getAtPath, isArrayIndex } from '../bson/paths.ts';
import { copyValue, type Doc, isDoc, type Maybe, setField, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { ChangeDescription } from './changes.ts';

/** The server pads arrays with nulls up to this index and no further. */
const MAX_PADDING = 1_500_000;

/** A private copy of a document being changed, which remembers the paths that were touched. */
export class DocumentEdit {
  readonly doc: Doc;
  readonly #updated = new Set<string>();
  readonly #removed = new Set<string>();

  constructor(original: Doc) {
    this.doc = copyValue(original);
  }

  get isChanged(): boolean {
    return this.#updated.size > 0 || this.#removed.size > 0;
  }

  get(path: string[]): Maybe {
    return getAtPath(this.doc, path);
  }

  set(path: string[], value: Value): void {
    if (isIdentical(this.get(path), value)) return;
    this.#updated.add(this.#write(path, value).join('.'));
  }

  /** Appended items are reported one by one; the rest of the array did not change. */
  append(path: string[], items: Value[]): void {
    const current = this.get(path);
    if (!Array.isArray(current)) return this.set(path, items);
    for (const item of items) {
      this.#updated.add([...path, current.length].join('.'));
      current.push(item);
    }
  }

  remove(path: string[]): void {
    const field = path.at(-1) as string;
    const parent = path.length === 1 ? this.doc : this.get(path.slice(0, -1));
    if (isDoc(parent) && Object.hasOwn(parent, field)) {
      delete parent[field];
      this.#removed.add(path.join('.'));
    } else if (Array.isArray(parent) && isArrayIndex(field) && Number(field) < parent.length) {
      // Removing an element would move the others: the server leaves a hole.
      this.set(path, null);
    }
  }

  /** Values are read at the end, so that several changes inside a field created here are told once. */
  describe(): ChangeDescription {
    const updatedFields: Doc = {};
    for (const path of this.#updated) {
      if (this.#hasUpdatedAncestor(path)) continue;
      const value = this.get(path.split('.'));
      if (value !== undefined) setField(updatedFields, path, value);
    }
    const removedFields = [...this.#removed].filter(
      (path) => !this.#hasUpdatedAncestor(path) && !this.#updated.has(path),
    );
    return { updatedFields, removedFields, truncatedArrays: [] };
  }

  #hasUpdatedAncestor(path: string): boolean {
    for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
      if (this.#updated.has(path.slice(0, dot))) return true;
    }
    return false;
  }

  /** Answers the topmost path that came into being, or the whole path when its parent existed. */
  #write(path: string[], value: Value): string[] {
    let container: Doc | Value[] = this.doc;
    for (let i = 0; i < path.length - 1; i++) {
      const part = path[i] as string;
      const next: Maybe = readFrom(container, part);
      if (next === undefined || (next === null && Array.isArray(container) && Number(part) >= container.length)) {
        writeTo(container, part, nest(path.slice(i + 1), value));
        return path.slice(0, i + 1);
      }
      if (!isDoc(next) && !Array.isArray(next)) {
        throw new CommandError(
          'PathNotViable',
          `Cannot create field '${path[i + 1]}' in element {${part}: ${String(next)}}`,
        );
      }
      container = next;
    }
    writeTo(container, path.at(-1) as string, value);
    return path;
  }
}

function readFrom(container: Doc | Value[], part: string): Maybe {
  if (Array.isArray(container)) return isArrayIndex(part) ? container[Number(part)] : undefined;
  return Object.hasOwn(container, part) ? container[part] : undefined;
}

function writeTo(container: Doc | Value[], part: string, value: Value): void {
  if (!Array.isArray(container)) return setField(container, part, value);
  if (!isArrayIndex(part)) {
    throw new CommandError('PathNotViable', `Cannot create field '${part}' in an array element`);
  }
  const index = Number(part);
  if (index > container.length + MAX_PADDING) {
    throw new CommandError('BadValue', `can't backfill more than ${MAX_PADDING} array elements`);
  }
  while (container.length < index) container.push(null);
  container[index] = value;
}

function nest(path: string[], value: Value): Value {
  return path.reduceRight<Value>((inner, part) => {
    const doc: Doc = {};
    setField(doc, part, inner);
    return doc;
  }, value);
}
