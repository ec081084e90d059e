import { readFileSync } from 'node:fs';

/**
 * A process id alone is not a name: the kernel hands it out again. Together with the moment the process began, and the
 * boot it began in, it is one.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAtTick: string;
  readonly bootId: string;
}

/** The identity of a live process, or undefined when there is none (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const startedAtTick = fields[19];
    if (state === undefined || startedAtTick === undefined || state === 'Z' || state === 'X') return undefined;
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, startedAtTick, bootId };
  } catch {
    return undefined;
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startedAtTick === identity.startedAtTick && now.bootId === identity.bootId;
}
