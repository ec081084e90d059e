import type { Count, CounterFamily } from '@marketgraph/platform/telemetry';
import type { GraphContext } from '../query/graph-context.ts';

export type LookUp = 'hit' | 'miss' | 'bypass';

/** Notes what became of a look-up, for the operator and for the request it was made for. */
export type NoteLookUps = (service: string, context: GraphContext, outcome: LookUp, count: number) => void;

export function noteLookUps(requests: CounterFamily): NoteLookUps {
  const lines: Record<LookUp, Map<string, Count>> = { hit: new Map(), miss: new Map(), bypass: new Map() };
  return (service, { cacheUse }, outcome, count) => {
    if (count === 0) return;
    let line = lines[outcome].get(service);
    if (!line) lines[outcome].set(service, (line = requests.of(outcome, service)));
    line.inc(count);
    if (cacheUse) cacheUse[outcome] += count;
  };
}
