import type { Doc } from '../bson/value.ts';
import type { Variables } from '../expression/compile.ts';
import type { FindRequest, Found } from '../query/find-documents.ts';

/** One step of a pipeline. Stages are lazy: a `$limit` stops what is before it. */
export type Stage = (docs: Iterable<Doc>) => Iterable<Doc>;

/** What stages need from outside the documents that flow through them. */
export interface PipelineContext {
  variables: Variables;
  /** Reads another collection of the same database as the reader of this pipeline sees it. */
  readCollection(name: string, request: FindRequest): Found[];
  checkDeadline(): void;
}
