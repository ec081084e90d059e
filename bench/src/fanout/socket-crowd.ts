import type { Child } from '../measure/child.ts';
import { type EventSeen, machineClockUs, type OpenSockets } from './fanout-protocol.ts';

/** One lot of clients, spread over the processes that hold them. */
export interface SocketCrowd {
  count: number;
  /** Sends what makes event `event` happen, waits until every client has had it, and resolves to how long each waited. */
  hear(event: number, send: () => Promise<unknown>): Promise<EventSeen>;
  close(): Promise<void>;
}

export async function openCrowd(processes: readonly Child[], options: Omit<OpenSockets, 'kind'>): Promise<SocketCrowd> {
  const { set, count, subscription } = options;
  const shares = processes.map(
    (_, index) => Math.floor(((index + 1) * count) / processes.length) - Math.floor((index * count) / processes.length),
  );
  let before = 0;
  await Promise.all(
    processes.map((process, index) => {
      const distinctFrom = subscription?.distinctFrom === undefined ? undefined : subscription.distinctFrom + before;
      before += shares[index]!;
      const share: OpenSockets = {
        ...options,
        kind: 'open',
        count: shares[index]!,
        ...(subscription ? { subscription: { ...subscription, distinctFrom } } : {}),
      };
      return process.ask<void>(share);
    }),
  );
  return {
    count,
    async hear(event, send) {
      const sentAtUs = machineClockUs();
      await send();
      const seen = await Promise.all(
        processes.map((process) => process.ask<EventSeen>({ kind: 'await', set, event, sentAtUs })),
      );
      return { latenciesUs: seen.flatMap(({ latenciesUs }) => latenciesUs), message: seen[0]!.message };
    },
    async close() {
      await Promise.all(processes.map((process) => process.ask<void>({ kind: 'close', set })));
    },
  };
}
