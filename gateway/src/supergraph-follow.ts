import type { Logger } from '@marketgraph/platform/telemetry';

export interface SupergraphFollower {
  /** Looks now; resolves when what was found is in use, or refused. */
  look(): Promise<void>;
  stop(): void;
}

/**
 * Goes on with what is read now and again, when it has changed. What is
 * refused, such as a file that is only half written, is told once; the gateway
 * goes on with what it has.
 */
export function followSupergraph(options: {
  /** What is in use. */
  current: string;
  read(): Promise<string>;
  reload(supergraphSdl: string): Promise<void>;
  /** Undefined: only when asked to look. */
  everyMs?: number | undefined;
  log: Logger;
}): SupergraphFollower {
  const { read, reload, everyMs, log } = options;
  let seen = options.current;
  let looking: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    try {
      const found = await read();
      if (found === seen) return;
      seen = found;
      await reload(found);
    } catch (error) {
      log.error({ err: error }, 'supergraph refused, the one before goes on');
    }
  };
  const next = (): Promise<void> => (looking = looking.then(look));
  const timer = everyMs === undefined ? undefined : setInterval(() => void next(), everyMs).unref();
  return { look: next, stop: () => clearInterval(timer) };
}
