import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreLog } from '../store-log.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 20;

/** Leaves word of a running server in the data folder, for a launcher that comes after one that was killed. */
export function recordProcess(recordFile: string, pid: number): void {
  const identity = identify(pid);
  if (identity) writeFileSync(recordFile, JSON.stringify(identity), { mode: 0o600 });
}

export function forgetProcess(recordFile: string): void {
  rmSync(recordFile, { force: true });
}

/**
 * Stops the server an earlier launcher left behind, if it is still there. It is stopped and not adopted: a start
 * costs a tenth of a second, and a server with settings of an earlier run costs a riddle.
 */
export async function stopLeftover(
  name: string,
  recordFile: string,
  options: { stopSignal: NodeJS.Signals; graceMs: number; log: StoreLog },
): Promise<void> {
  const identity = readRecord(recordFile);
  if (identity && isAlive(identity)) {
    options.log.warn(`${name}: stopping process ${identity.pid}, left by a run that was killed`);
    await endProcess(identity, options.stopSignal, options.graceMs);
  }
  forgetProcess(recordFile);
}

/** Asks, waits, then insists. Returns when the process is gone. */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  for (const [kill, waitMs] of [
    [signal, graceMs],
    ['SIGKILL', graceMs],
  ] as const) {
    if (!isAlive(identity)) return;
    try {
      process.kill(identity.pid, kill);
    } catch {
      return;
    }
    const deadline = Date.now() + waitMs;
    while (isAlive(identity) && Date.now() < deadline) await delay(POLL_MS);
  }
}

function readRecord(recordFile: string): ProcessIdentity | undefined {
  try {
    const record = JSON.parse(readFileSync(recordFile, 'utf8')) as Partial<ProcessIdentity>;
    const { pid, startedAtTick, bootId } = record;
    if (typeof pid !== 'number' || typeof startedAtTick !== 'string' || typeof bootId !== 'string') return undefined;
    return { pid, startedAtTick, bootId };
  } catch {
    // No record, or one cut short by the kill: there is nothing to go by.
    return undefined;
  }
}
