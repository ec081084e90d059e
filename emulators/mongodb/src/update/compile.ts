import { isEqual } from '../bson/compare.ts';
import { type MatchPosition, splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { Variables } from '../expression/compile.ts';
import { arrayUpdateOperators } from './array-operators.ts';
import { type ChangeDescription, describeDifference } from './changes.ts';
import { DocumentEdit } from './edit.ts';
import { type ChangeField, fieldOperators, type UpdateMoment } from './field-operators.ts';
import { compileUpdatePipeline } from './pipeline.ts';
import {
  type ArrayFilters,
  assertFiltersUsed,
  compileArrayFilters,
  concretePaths,
  isPositional,
} from './positional.ts';

export interface UpdateTarget extends UpdateMoment {
  position: MatchPosition;
}

export interface UpdateResult {
  doc: Doc;
  isChanged: boolean;
  /** Absent for a replacement, whose event carries the whole document. */
  change?: ChangeDescription;
}

export interface CompiledUpdate {
  kind: 'operators' | 'replacement' | 'pipeline';
  apply(doc: Doc, target: UpdateTarget): UpdateResult;
}

export interface UpdateOptions {
  arrayFilters?: Doc[];
  variables: Variables;
}

/** Compiles the `u` of an update statement; everything unknown in it is refused here. */
export function compileUpdate(update: Value, options: UpdateOptions): CompiledUpdate {
  if (Array.isArray(update)) {
    if (options.arrayFilters)
      throw new CommandError('FailedToParse', 'arrayFilters may not be specified for pipeline-style updates');
    return pipelineUpdate(compileUpdatePipeline(update, options.variables));
  }
  if (!isDoc(update)) throw new CommandError('FailedToParse', 'an update must be an object or an array of stages');
  const isOperators = Object.keys(update)[0]?.startsWith('$') ?? false;
  if (isOperators) return operatorUpdate(update, compileArrayFilters(options.arrayFilters ?? []));
  if (options.arrayFilters) throw new CommandError('FailedToParse', 'arrayFilters need update operators');
  return replacement(update);
}

interface Operation {
  path: string[];
  change: ChangeField;
}

const OPERATORS = { ...fieldOperators, ...arrayUpdateOperators };

export const UPDATE_OPERATORS: readonly string[] = [...Object.keys(OPERATORS), '$rename'];

function operatorUpdate(update: Doc, filters: ArrayFilters): CompiledUpdate {
  const operations: Operation[] = [];
  const renames: { from: string[]; to: string[] }[] = [];
  for (const [name, fields] of Object.entries(update)) {
    if (!UPDATE_OPERATORS.includes(name))
      throw new CommandError('FailedToParse', `Unknown modifier: ${name} (emulator)`);
    if (!isDoc(fields))
      throw new CommandError('FailedToParse', `Modifiers operate on fields but we found another type for ${name}`);
    for (const [path, operand] of Object.entries(fields)) {
      if (name === '$rename') renames.push(renameOf(path, operand));
      else
        operations.push({
          path: updatePath(path),
          change: (OPERATORS[name] as (typeof OPERATORS)[string])(operand, path),
        });
    }
  }
  const paths = [...operations.map(({ path }) => path), ...renames.flatMap(({ from, to }) => [from, to])];
  assertNoConflicts(paths);
  assertFiltersUsed(filters, paths);
  // The server applies changes in the order of their paths: it decides where new fields end up.
  operations.sort((left, right) => comparePaths(left.path, right.path));
  return {
    kind: 'operators',
    apply: (doc, target) => {
      const edit = new DocumentEdit(doc);
      for (const { from, to } of renames) applyRename(edit, from, to);
      for (const operation of operations) applyOperation({ edit, operation, filters, target });
      assertSameId(doc, edit.doc, target);
      return { doc: edit.doc, isChanged: edit.isChanged, change: edit.describe() };
    },
  };
}

interface Application {
  edit: DocumentEdit;
  operation: Operation;
  filters: ArrayFilters;
  target: UpdateTarget;
}

function applyOperation({ edit, operation, filters, target }: Application): void {
  for (const path of concretePaths(edit.doc, operation.path, filters, target.position)) {
    const change = operation.change(edit.get(path), target);
    if (change.kind === 'set') edit.set(path, change.value);
    else if (change.kind === 'append') edit.append(path, change.items);
    else if (change.kind === 'unset') edit.remove(path);
  }
}

function applyRename(edit: DocumentEdit, from: string[], to: string[]): void {
  const value = edit.get(from);
  if (value === undefined) return;
  for (const path of [from, to]) {
    if (path.some((_, i) => Array.isArray(edit.get(path.slice(0, i))))) {
      throw new CommandError('BadValue', `The field '${path.join('.')}' of $rename cannot be an array element`);
    }
  }
  edit.remove(from);
  edit.set(to, value);
}

function renameOf(path: string, operand: Value): { from: string[]; to: string[] } {
  if (typeof operand !== 'string') throw new CommandError('BadValue', "The 'to' field for $rename must be a string");
  if (path === operand)
    throw new CommandError('BadValue', `The source and target field for $rename must differ: ${path}`);
  const [from, to] = [updatePath(path), updatePath(operand)];
  if ([...from, ...to].some(isPositional)) throw new CommandError('BadValue', '$rename fields may not be dynamic');
  return { from, to };
}

const POSITIONAL_PART = /^\$(?:\[(?:[a-z][A-Za-z0-9]*)?\])?$/;

function updatePath(path: string): string[] {
  const parts = splitPath(path);
  if (parts.some((part) => part === '')) {
    throw new CommandError(
      'EmptyFieldName',
      `The update path '${path}' contains an empty field name, which is not allowed.`,
    );
  }
  const invalid = parts.find((part, i) => part.startsWith('$') && (i === 0 || !POSITIONAL_PART.test(part)));
  if (invalid !== undefined) {
    throw new CommandError(
      'DollarPrefixedFieldName',
      `The dollar ($) prefixed field '${invalid}' in '${path}' is not valid for storage.`,
    );
  }
  return parts;
}

function assertNoConflicts(paths: string[][]): void {
  const sorted = paths.toSorted(comparePaths);
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1] as string[], sorted[i] as string[]];
    if (before.every((part, j) => part === after[j])) {
      const message = `Updating the path '${after.join('.')}' would create a conflict at '${before.join('.')}'`;
      throw new CommandError('ConflictingUpdateOperators', message);
    }
  }
}

/** Part by part, numbers by value: `a.2` before `a.10`. */
function comparePaths(left: string[], right: string[]): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [a, b] = [left[i] as string, right[i] as string];
    if (a === b) continue;
    const numeric = Number(a) - Number(b);
    if (!Number.isNaN(numeric) && numeric !== 0) return numeric;
    return a < b ? -1 : 1;
  }
  return left.length - right.length;
}

function replacement(update: Doc): CompiledUpdate {
  const dollar = Object.keys(update).find((field) => field.startsWith('$'));
  if (dollar !== undefined) {
    throw new CommandError(
      'DollarPrefixedFieldName',
      `The dollar ($) prefixed field '${dollar}' is not allowed in a replacement.`,
    );
  }
  return {
    kind: 'replacement',
    apply: (doc, target) => {
      const id = doc._id ?? update._id;
      const replaced: Doc = id === undefined ? { ...update } : { _id: id, ...update };
      assertSameId(doc, replaced, target);
      return { doc: replaced, isChanged: true };
    },
  };
}

function pipelineUpdate(run: (doc: Doc) => Doc): CompiledUpdate {
  return {
    kind: 'pipeline',
    apply: (doc, target) => {
      const computed = run(doc);
      const result = computed._id === undefined && doc._id !== undefined ? { _id: doc._id, ...computed } : computed;
      assertSameId(doc, result, target);
      const change = describeDifference(doc, result);
      const isChanged =
        Object.keys(change.updatedFields).length + change.removedFields.length + change.truncatedArrays.length > 0;
      return { doc: result, isChanged, change };
    },
  };
}

function assertSameId(before: Doc, after: Doc, { isInsert }: UpdateTarget): void {
  if (isInsert && before._id === undefined) return;
  if (before._id !== after._id && !isEqual(before._id, after._id)) {
    throw new CommandError(
      'ImmutableField',
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    );
  }
}
