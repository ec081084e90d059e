import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LiveGraph } from '@marketgraph/federation-live';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { Documents } from '../limits/documents.ts';
import type { QueryEngine } from '../query/query-engine.ts';
import type { OperationList } from './operation-list.ts';

export interface WarmUpParts {
  documents: Documents;
  engine: Pick<QueryEngine, 'warm'>;
  /** Absent while it still runs another graph. */
  live?: Pick<LiveGraph, 'warm'>;
  log: Logger;
}

/**
 * Validates and plans what our own clients will ask, so that none of them waits for it. One operation a turn:
 * what starts beside this in the same process goes on.
 */
export async function warmUp(list: OperationList, { documents, engine, live, log }: WarmUpParts): Promise<void> {
  for (const { name, text } of list.texts) {
    try {
      const prepared = documents.prepare({ query: text, operationName: name });
      prepared.takeSurcharge();
      if (prepared.operation.operation !== 'subscription') engine.warm(prepared);
      else live?.warm({ document: prepared.document, text: prepared.text, operationName: name });
    } catch (error) {
      log.error({ err: error, operationName: name }, 'a listed operation cannot be run on this graph');
    }
    await nextTurn();
  }
}
