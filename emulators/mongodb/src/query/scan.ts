import type { Collection } from '../storage/collection.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import type { ScanCounts } from './find-documents.ts';
import type { Plan } from './planner.ts';

/** The committed records a plan leads to, each once. */
export function* scanPlan(collection: Collection, plan: Plan, counts: ScanCounts): Generator<StoredRecord> {
  switch (plan.kind) {
    case 'collection':
      yield* collection.records.values();
      return;
    case 'ids':
      for (const id of plan.ids) {
        counts.keysExamined++;
        const record = collection.records.get(id);
        if (record) yield record;
      }
      return;
    case 'index':
      yield* scanIndex(plan, counts);
      return;
    case 'union': {
      const seen = new Set<StoredRecord>();
      for (const branch of plan.plans) {
        for (const record of scanPlan(collection, branch, counts)) {
          if (seen.has(record)) continue;
          seen.add(record);
          yield record;
        }
      }
    }
  }
}

function* scanIndex(
  { index, bounds, isReverse }: Plan & { kind: 'index' },
  counts: ScanCounts,
): Generator<StoredRecord> {
  // A document with an array has several entries; it is still one document.
  const seen = index.isMultikey ? new Set<StoredRecord>() : undefined;
  const ranges = isReverse ? bounds.ranges.toReversed() : bounds.ranges;
  for (const range of ranges) {
    for (const record of index.scan(range, isReverse)) {
      counts.keysExamined++;
      if (seen?.has(record)) continue;
      seen?.add(record);
      yield record;
    }
  }
}
