import { readFileSync } from 'node:fs';

const SAMPLE_MS = 20;

/** What a process holds in memory, in bytes, as the kernel counts it. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no memory of its own`);
  return Number(kilobytes) * 1_024;
}

/** By how much the process grew at most while `work` ran. */
export async function peakGrowth<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; grewBytes: number }> {
  const before = residentBytes(pid);
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, SAMPLE_MS);
  try {
    const result = await work();
    return { result, grewBytes: Math.max(peak, residentBytes(pid)) - before };
  } finally {
    clearInterval(sampling);
  }
}
