import type { Logger } from '../telemetry/telemetry.ts';
import type { Viewer } from './viewer.ts';

/** What every resolver can rely on; a subgraph adds its loaders, commands and stores. */
export interface RequestContext {
  viewer: Viewer;
  requestId: string;
  /** The names of all fields the operation selects anywhere: what it cannot ask for need not be read. The same set each time the same text is run. */
  selected: ReadonlySet<string>;
  /** W3C traceparent of the caller, handed on to events and calls. */
  traceparent?: string;
  /** Milliseconds since the epoch after which nobody waits for the answer. */
  deadlineAt?: number;
  log: Logger;
}

/**
 * With loaders that are made when a resolver first asks for one: most commands never do. Who has changed what they have
 * read puts others in their place.
 */
export function withLoaders<Facts extends RequestContext, Loaders>(
  facts: Facts,
  make: () => Loaders,
): Facts & { loaders: Loaders } {
  let made: Loaders | undefined;
  return {
    ...facts,
    get loaders() {
      return (made ??= make());
    },
    set loaders(others) {
      made = others;
    },
  };
}
