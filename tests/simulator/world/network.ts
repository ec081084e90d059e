import type { Faults } from './faults.ts';
import type { Actor, Scheduler } from './scheduler.ts';

/** The caller learns nothing: the request may have been carried out, once or twice, or not at all. */
export class CallLostError extends Error {
  constructor(what: string, why: string) {
    super(`${what}: ${why}`);
  }
}

export interface Call<Target> {
  what: string;
  /** A running copy of the service, or nothing while all are down. */
  target: () => { actor: Actor; handle: Target } | undefined;
  timeoutMs: number;
}

/**
 * Calls between processes. Requests and answers take their time and get lost;
 * a request can be carried out twice; the callee goes on when the caller has
 * given up, and dies without telling.
 */
export class Network {
  constructor(
    readonly scheduler: Scheduler,
    readonly faults: () => Faults,
    readonly say: (line: string) => void,
  ) {}

  call<Target, T>({ what, target, timeoutMs }: Call<Target>, work: (handle: Target) => Promise<T>): Promise<T> {
    const { scheduler } = this;
    const { random } = scheduler;
    // A browser or the provider when it is nobody's.
    const caller = scheduler.current;
    this.say(`asks ${what}`);
    const { lostCall, doubleCall } = this.faults();
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      const answer = (delayMs: number, give: () => void) => {
        scheduler.at(delayMs, caller, () => {
          if (isOver) return;
          isOver = true;
          this.say(`hears of ${what}`);
          give();
        });
      };
      answer(timeoutMs, () => reject(new CallLostError(what, 'no answer in time')));
      const isLost = random.chance(lostCall);
      const losesRequest = isLost && random.chance(0.5);
      const copies = random.chance(doubleCall) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        // A duplicate can come when everything is long over.
        const delayMs = copy === 0 ? random.between(1, 30) : random.between(1, 4_000);
        scheduler.at(delayMs, null, () => {
          const found = target();
          if (!found) return answer(5, () => reject(new CallLostError(what, 'nobody listens')));
          if (losesRequest && copy === 0) return;
          scheduler.at(0, found.actor, () => {
            void work(found.handle).then(
              (value) => {
                if (!isLost && copy === 0) answer(random.between(1, 30), () => resolve(structuredClone(value)));
              },
              (error: unknown) => {
                const why = error instanceof Error ? error.message : String(error);
                if (!isLost && copy === 0) answer(random.between(1, 30), () => reject(new CallLostError(what, why)));
              },
            );
          });
        });
      }
    });
  }
}
