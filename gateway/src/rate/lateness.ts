import { loopLag, type SubgraphTransport } from '@marketgraph/platform/serve';

/** Whether more work would only make what is at work slower. */
export interface Lateness {
  /** An operation has come in. */
  look(): void;
  /** A subgraph has just been asked for a change. */
  changed(subgraph: string): void;
  isLate(): boolean;
}

const FRESH_MS = 1_000;

/**
 * This process, or a subgraph that changes are made in: one that is only read is
 * given up after a while, and reads elsewhere need not wait for it.
 */
export function lateness(transport: Pick<SubgraphTransport, 'lagMs'>, lateMs: number, own = loopLag()): Lateness {
  const changedAt = new Map<string, number>();
  return {
    look: () => own.look(),
    changed: (subgraph) => void changedAt.set(subgraph, Date.now()),
    isLate() {
      if (own.ms() > lateMs) return true;
      const since = Date.now() - FRESH_MS;
      return [...changedAt].some(([subgraph, at]) => at >= since && (transport.lagMs?.(subgraph) ?? 0) > lateMs);
    },
  };
}
