import type { EventEnvelope, EventHandler } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';

export const DOMAIN = 'orders';
export const EVENT = 'orders.counted';

export interface Effect {
  id: string;
  key: string;
  sequence: number;
}

export const writeEffect =
  (group: string): EventHandler<EntityManager> =>
  async ({ id, key, sequence }: EventEnvelope, em) => {
    await em.execute('insert into effect (consumer, id, key, sequence) values (?, ?, ?, ?)', [
      group,
      id,
      key,
      sequence,
    ]);
  };

/** What is wrong with these effects: missing, twice, or before what comes before it. */
export function faultsOf(effects: readonly Effect[], expected: number): string[] {
  const faults: string[] = [];
  const distinct = new Set(effects.map(({ id }) => id)).size;
  if (distinct !== expected) faults.push(`${distinct} of ${expected} events had an effect`);
  if (distinct !== effects.length) faults.push(`${effects.length - distinct} effects too many`);
  const last = new Map<string, number>();
  for (const { key, sequence } of effects) {
    if (sequence <= (last.get(key) ?? 0)) faults.push(`${key}: ${sequence} after ${last.get(key)}`);
    last.set(key, sequence);
  }
  return faults.slice(0, 10);
}
