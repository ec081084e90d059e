import { parse, validate } from 'graphql';
import { createLiveGraph, type LiveGraph, type LiveGraphOptions } from '../src/live/live-graph.ts';
import { SubscriptionRefusedError } from '../src/live/live-error.ts';
import type { Audience } from '../src/live/live-ports.ts';
import { memoryLog, type MemoryLog } from './memory-log.ts';
import { audience, Recorder } from './recorder.ts';
import { toyGraph, type ToyGraph } from './toy-graph.ts';

export interface LiveStage {
  toy: ToyGraph;
  log: MemoryLog;
  /** Another live graph over the same subgraphs and the same log. */
  start(options?: Partial<LiveGraphOptions>): Promise<LiveGraph>;
  subscribe(
    graph: LiveGraph,
    text: string,
    variables?: Record<string, unknown>,
    options?: { who?: Audience; sink?: Recorder },
  ): Promise<{ sink: Recorder; stop(): void }>;
  /** Ends every graph that was started. */
  stop(): Promise<void>;
}

const quiet = { debug: () => undefined, warn: () => undefined, error: () => undefined };

/** Toy subgraphs, a log in memory, and live graphs over both. */
export function liveStage(): LiveStage {
  const toy = toyGraph();
  const log = memoryLog();
  const running: LiveGraph[] = [];
  return {
    toy,
    log,
    async start(options = {}) {
      const graph = createLiveGraph({
        supergraph: toy.supergraph,
        services: toy.services,
        log,
        logger: quiet,
        cursorSecret: 'test secret',
        ...options,
      });
      running.push(graph);
      await graph.start();
      return graph;
    },
    async subscribe(graph, text, variables = {}, { who = audience(), sink = new Recorder() } = {}) {
      const document = parse(text);
      const errors = validate(graph.schema, document);
      if (errors.length > 0) throw new AggregateError(errors, errors[0]?.message);
      const { stop } = await graph.subscribe({ document, text, variables }, who, sink);
      return { sink, stop };
    },
    async stop() {
      await Promise.all(running.splice(0).map((graph) => graph.stop()));
    },
  };
}

/** The codes with which a subscription was refused; undefined when it was not. */
export async function refusalOf(work: Promise<unknown>): Promise<unknown[] | undefined> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return undefined;
  if (!(error instanceof SubscriptionRefusedError)) throw error;
  return error.errors.map(({ extensions }) => extensions['code']);
}
