import { readdirSync, readFileSync } from 'node:fs';

/** What a process and the processes it started have used so far, as the kernel counts it: all threads, user and system. */
export interface ProcessUsage {
  cpuMs: number;
  rssBytes: number;
}

/** The kernel's clock ticks are a hundredth of a second on every Linux there is a Node for. */
const MS_PER_TICK = 10;
const UTIME = 11;
const STIME = 12;
/** Of children that have ended and were waited for, theirs included. */
const CHILDREN_UTIME = 13;
const CHILDREN_STIME = 14;

/**
 * Read from outside and the same way for every process, so that gateways of
 * others, which answer no questions, are measured like ours.
 */
export function processUsage(root: number): ProcessUsage {
  const family = familyOf(root);
  let cpuMs = 0;
  let rssBytes = 0;
  for (const pid of family) {
    const fields = statOf(pid);
    if (!fields) continue;
    cpuMs += (Number(fields[UTIME]) + Number(fields[STIME])) * MS_PER_TICK;
    rssBytes += residentBytes(pid);
  }
  return { cpuMs, rssBytes };
}

/** CPU of this process alone, all its threads. */
export function ownCpuMs(pid: number): number {
  const fields = statOf(pid);
  if (!fields) throw new Error(`Process ${pid} is not running`);
  return (Number(fields[UTIME]) + Number(fields[STIME])) * MS_PER_TICK;
}

/** CPU of a process, of those it started, and of those among them that have ended meanwhile: a server with a process per client. */
export function familyCpuMs(root: number): number {
  return familyOf(root).reduce((sum, pid) => {
    const fields = statOf(pid) ?? [];
    const ticks = [UTIME, STIME, CHILDREN_UTIME, CHILDREN_STIME].map((field) => Number(fields[field] ?? 0));
    return sum + ticks.reduce((total, count) => total + count, 0) * MS_PER_TICK;
  }, 0);
}

function familyOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statOf(Number(name))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  if (!parents.has(root)) throw new Error(`Process ${root} is not running`);
  const family = new Set([root]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

/** The fields after the program's name, which may hold spaces: state, parent, … */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

/** Resident memory of this process alone; 0 when it is not there any more. */
export function residentBytes(pid: number): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** Open files the kernel allows this process and those it starts; Node raises its own limit to this. */
export function openFileLimit(): number {
  const line = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return line === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line);
}
