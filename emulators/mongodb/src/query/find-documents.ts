import type { MatchPosition } from '../bson/paths.ts';
import type { Doc, Value } from '../bson/value.ts';
import type { Deadline } from '../deadline.ts';
import { CommandError } from '../errors.ts';
import type { Variables } from '../expression/compile.ts';
import type { Collection } from '../storage/collection.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import { compileFilter } from './matcher.ts';
import { type Plan, planRead } from './planner.ts';
import { scanPlan } from './scan.ts';
import { sortDocs } from './sort.ts';

/** A document as a reader sees it, and the committed record behind it, if there is one yet. */
export interface Candidate {
  id: string;
  doc: Doc | null;
  record: StoredRecord | undefined;
}

export interface Found extends Candidate {
  doc: Doc;
  /** Where the positional operators point. */
  position?: MatchPosition;
}

/** Counts of what a read touched, for `explain` and the tests. */
export interface ScanCounts {
  keysExamined: number;
  docsExamined: number;
}

/** Who reads: everybody's committed state, or a transaction's snapshot with its own writes. */
export interface ReadView {
  /** Replaces a scan of the committed state by what this reader sees. */
  overlay(collection: Collection, scanned: Iterable<StoredRecord>): Iterable<Candidate>;
  /** True when the overlay changes nothing, so that an index order is the reader's order. */
  isCommitted(collection: Collection): boolean;
}

export interface FindRequest {
  filter: Doc;
  sort?: Doc;
  skip?: number;
  limit?: number;
  hint?: Value;
  variables?: Variables;
  /** Note the array position of the match, for `$` in updates and projections. */
  withPosition?: boolean;
}

export interface FindResult {
  found: Found[];
  plan: Plan;
  counts: ScanCounts;
  isSortedInMemory: boolean;
}

/** The server gives up sorting more than 100 MB; a count is the simpler bound. */
const MAX_SORTED = 5_000_000;
const CHECK_EVERY = 256;

export interface ReadContext {
  view: ReadView;
  deadline: Deadline;
}

export function findDocuments(
  collection: Collection,
  request: FindRequest,
  { view, deadline }: ReadContext,
): FindResult {
  const { filter, sort, skip = 0, limit, hint, variables } = request;
  const matches = compileFilter(filter, { variables });
  const reach = limit ? skip + limit : Infinity;
  const hasSort = sort !== undefined && Object.keys(sort).length > 0;
  const plan = planRead(collection, {
    filter,
    sort: hasSort ? sort : undefined,
    limit: Number.isFinite(reach) ? reach : undefined,
    hint,
    variables,
  });
  const isSortedInMemory = hasSort && !(plan.kind === 'index' && plan.isSorted && view.isCommitted(collection));
  const counts: ScanCounts = { keysExamined: 0, docsExamined: 0 };
  const found: Found[] = [];
  for (const candidate of view.overlay(collection, scanPlan(collection, plan, counts))) {
    const { doc } = candidate;
    if (!doc) continue;
    if (++counts.docsExamined % CHECK_EVERY === 0) deadline.check();
    const position: MatchPosition | undefined = request.withPosition ? {} : undefined;
    if (!matches(doc, position)) continue;
    found.push({ id: candidate.id, doc, record: candidate.record, position });
    if (!isSortedInMemory && found.length >= reach) break;
    if (isSortedInMemory && found.length > MAX_SORTED) {
      throw new CommandError(
        'QueryFeatureNotAllowed',
        `emulator: sorting more than ${MAX_SORTED} documents is not supported`,
      );
    }
  }
  const ordered = isSortedInMemory ? sortDocs(found, ({ doc }) => doc, sort as Doc, reach) : found;
  return {
    found: skip > 0 || ordered.length > reach ? ordered.slice(skip, reach) : ordered,
    plan,
    counts,
    isSortedInMemory,
  };
}
