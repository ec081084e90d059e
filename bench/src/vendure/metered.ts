import { setTimeout as pause } from 'node:timers/promises';
import { type CpuParts, cpuPerOperation } from '../measure/cpu-parts.ts';
import type { IdleRound, System } from './market.ts';

/** What is looked at from outside while it works. */
export interface Metered {
  /** CPU used so far. */
  read(): Promise<CpuParts>;
  /** Resolves when nothing is left to do. */
  quiet(): Promise<void>;
}

/** What somebody does, and the CPU of all that follows from it. */
export async function measured<Result>(
  { read, quiet }: Metered,
  work: () => Promise<Result>,
): Promise<{ result: Result; per(operations: number): CpuParts }> {
  await quiet();
  const before = await read();
  const result = await work();
  await quiet();
  const after = await read();
  return { result, per: (operations) => cpuPerOperation(before, after, operations) };
}

export async function idleRound(system: System, meter: Metered, durationMs: number): Promise<IdleRound> {
  const { per } = await measured(meter, () => pause(durationMs));
  return { system, cpuMs: per(durationMs / 1_000) };
}
