import { ApiError, badRequest } from '../http/api-error.ts';
import { linesOf } from '../http/body.ts';
import type { Call, Route } from '../http/route.ts';
import type { Collection, WriteRequest } from '../store/collection.ts';
import { breathe, STEP_MS } from '../store/turns.ts';
import { readAction, readDirtyValues, readFlag } from './write-parameters.ts';

// About 100,000 large products. A larger file is sent in parts.
const MAX_IMPORT_BYTES = 256 * 1024 * 1024;

export const importRoute: Route = {
  method: 'POST',
  path: '/collections/:collection/documents/import',
  // `throwOnFail` belongs to the official client, which sends it along.
  parameters: ['action', 'dirty_values', 'batch_size', 'return_doc', 'return_id', 'throwOnFail'],
  maxBodyBytes: MAX_IMPORT_BYTES,
  async handle(call) {
    checkBatchSize(call);
    const collection = call.catalog.collection(call.path['collection'] ?? '');
    const results = await importLines(call, collection);
    return { text: results.join('\n') };
  },
};

/** One line per document, in order. What a step has answered is in the file; a later failure cannot take it back. */
async function importLines(call: Call, collection: Collection): Promise<string[]> {
  const lines = linesOf(call.body);
  const results: string[] = [];
  const options = {
    action: readAction(call.query, 'create'),
    dirtyValues: readDirtyValues(call.query),
    returnDoc: readFlag(call.query, 'return_doc'),
    returnId: readFlag(call.query, 'return_id'),
  };
  for (let done = false; !done;) {
    const step = await collection.turns.take(() => {
      const started = performance.now();
      return collection.transaction(() => {
        const written: string[] = [];
        while (performance.now() - started < STEP_MS) {
          const line = lines.next();
          if (line.done === true) {
            done = true;
            break;
          }
          written.push(importLine(collection, line.value, options));
        }
        return written;
      });
    });
    results.push(...step);
    await breathe();
  }
  return results;
}

type Options = Omit<WriteRequest, 'document'> & { returnDoc: boolean; returnId: boolean };

function importLine(collection: Collection, line: string, options: Options): string {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return failure(line, new ApiError(400, 'Bad JSON: could not be parsed.'), undefined);
  }
  try {
    const stored = collection.write({ document, action: options.action, dirtyValues: options.dirtyValues });
    if (!options.returnDoc && !options.returnId) return '{"success":true}';
    return JSON.stringify({
      ...(options.returnDoc ? { document: stored } : {}),
      ...(options.returnId ? { id: stored.id } : {}),
      success: true,
    });
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    return failure(line, cause, document);
  }
}

function failure(line: string, cause: ApiError, document: unknown): string {
  const id =
    typeof document === 'object' && document !== null ? (document as Record<string, unknown>)['id'] : undefined;
  return JSON.stringify({
    code: cause.status,
    document: line,
    error: cause.message,
    ...(typeof id === 'string' ? { id } : {}),
    success: false,
  });
}

function checkBatchSize(call: Call): void {
  const size = call.query.get('batch_size');
  if (size !== null && !/^[1-9]\d{0,6}$/.test(size))
    throw badRequest('Parameter `batch_size` must be a positive integer.');
}
