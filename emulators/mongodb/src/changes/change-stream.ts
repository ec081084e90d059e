import { Timestamp } from 'bson';
import { applyStages, type NamedStage } from '../aggregate/pipeline.ts';
import type { PipelineContext, Stage } from '../aggregate/stage.ts';
import { compileStage } from '../aggregate/stages.ts';
import type { Doc, Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import { namedOperands } from '../expression/evaluate.ts';
import type { EventLog, LoggedEvent } from '../storage/event-log.ts';
import type { Store } from '../storage/store.ts';
import { fromToken, toToken } from './resume-token.ts';
import { toChangeEvent } from './to-change-event.ts';

/** What a stream watches: a collection, a database, or everything. */
export interface Watched {
  database?: string;
  collection?: string;
}

/** How many events one batch may look at; a stream that filters nearly everything still answers in time. */
const MAX_SCANNED = 20_000;

const ALLOWED_STAGES = new Set(['$match', '$project', '$addFields', '$set', '$unset', '$replaceRoot', '$replaceWith']);

export interface Batch {
  events: Doc[];
  /** The stream ended with an invalidate event. */
  isClosed: boolean;
}

/** One open change stream: a place in the event log, a filter, and the stages events go through. */
export class ChangeStream {
  readonly #store: Store;
  readonly #watched: Watched;
  readonly #stages: Stage[];
  readonly #isLookingUp: boolean;
  #position: number;

  constructor({ store, watched, operand, stages, context }: ChangeStreamRequest) {
    const options = namedOperands('$changeStream', operand, {
      required: [],
      optional: [
        'fullDocument',
        'fullDocumentBeforeChange',
        'resumeAfter',
        'startAfter',
        'startAtOperationTime',
        'allChangesForCluster',
        'showExpandedEvents',
      ],
    });
    this.#store = store;
    this.#watched = watched;
    this.#isLookingUp = isLookingUp(options);
    this.#position = startOf(options, store.events);
    this.#stages = stages.map(({ name, operand: stageOperand }) => {
      if (!ALLOWED_STAGES.has(name))
        throw new CommandError('IllegalOperation', `${name} is not permitted in a $changeStream pipeline (emulator)`);
      return compileStage(name, stageOperand, context);
    });
  }

  /** Where a client that has seen everything so far may resume. */
  get token(): Doc {
    return toToken(this.#position - 1);
  }

  read(limit: number): Batch {
    const { events } = this.#store;
    if (this.#position < events.first) {
      throw new CommandError(
        'ChangeStreamHistoryLost',
        'Resume of change stream was not possible, as the resume point may no longer be in the oplog.',
        { labels: ['NonResumableChangeStreamError'] },
      );
    }
    const batch: Batch = { events: [], isClosed: false };
    for (let scanned = 0; scanned < MAX_SCANNED && batch.events.length < limit && !batch.isClosed; scanned++) {
      if (this.#position > events.lastDurable) break;
      const event = events.at(this.#position++);
      if (event) this.#deliver(event, batch);
    }
    return batch;
  }

  /** Resolves when there may be more to read, when time is up, or when nobody waits any more. */
  waitForMore(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#position <= this.#store.events.lastDurable || signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    const stopListening = this.#store.events.onMore(resolve);
    const onAbort = () => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      stopListening();
      signal.removeEventListener('abort', onAbort);
    });
  }

  #deliver(event: LoggedEvent, batch: Batch): void {
    if (!this.#concerns(event)) return;
    const token = toToken(event.sequence);
    const lookUp = this.#isLookingUp ? (updated: LoggedEvent) => this.#lookUp(updated) : undefined;
    batch.events.push(...applyStages(this.#stages, [toChangeEvent(event, { token, lookUp })]));
    if (!this.#endsWith(event)) return;
    const invalidate: Doc = {
      _id: token,
      operationType: 'invalidate',
      clusterTime: event.time,
      wallTime: event.wallTime,
    };
    batch.events.push(...applyStages(this.#stages, [invalidate]));
    batch.isClosed = true;
  }

  #concerns({ database, collection, kind }: LoggedEvent): boolean {
    const watched = this.#watched;
    if (watched.database === undefined) return true;
    if (watched.database !== database) return false;
    return watched.collection === undefined || watched.collection === collection || kind === 'dropDatabase';
  }

  /** A stream on something that is gone has nothing more to say. */
  #endsWith({ kind }: LoggedEvent): boolean {
    if (this.#watched.database === undefined) return false;
    if (this.#watched.collection === undefined) return kind === 'dropDatabase';
    return kind === 'drop' || kind === 'rename' || kind === 'dropDatabase';
  }

  #lookUp({ database, collection, key }: LoggedEvent): Doc | null {
    const found = collection === undefined ? undefined : this.#store.catalog.find(database, collection);
    return found?.findById(key?._id)?.doc ?? null;
  }
}

export interface ChangeStreamRequest {
  store: Store;
  watched: Watched;
  operand: Value;
  stages: NamedStage[];
  context: PipelineContext;
}

function isLookingUp({ fullDocument = 'default', fullDocumentBeforeChange = 'off', showExpandedEvents }: Doc): boolean {
  if (fullDocumentBeforeChange !== 'off') throw refuse('fullDocumentBeforeChange');
  if (showExpandedEvents === true) throw refuse('showExpandedEvents');
  if (fullDocument !== 'default' && fullDocument !== 'updateLookup')
    throw refuse(`fullDocument: '${String(fullDocument)}'`);
  return fullDocument === 'updateLookup';
}

function startOf({ resumeAfter, startAfter, startAtOperationTime }: Doc, events: EventLog): number {
  const starts = [resumeAfter, startAfter, startAtOperationTime].filter((option) => option !== undefined);
  if (starts.length > 1)
    throw new CommandError('BadValue', 'Only one type of resume option is allowed, but multiple were found.');
  if (startAtOperationTime !== undefined) {
    if (!(startAtOperationTime instanceof Timestamp))
      throw new CommandError('TypeMismatch', 'startAtOperationTime must be a timestamp');
    const oldest = events.at(events.first);
    // Events before the oldest one kept may have been at or after that time: reading on would skip them silently.
    const isLost = oldest !== undefined && events.first > 1 && oldest.time.compare(startAtOperationTime) > 0;
    return isLost ? events.first - 1 : events.firstSince(startAtOperationTime);
  }
  const token = resumeAfter ?? startAfter;
  if (token === undefined) return events.next;
  const next = fromToken(token) + 1;
  if (next > events.next)
    throw new CommandError('InvalidResumeToken', 'emulator: this resume token is of another data file');
  return next;
}
