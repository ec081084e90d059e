import { readFileSync } from 'node:fs';

interface Running {
  pid: number;
  parent: number;
  command: string;
}

/** Which programs may stand between a person's command and this process; the person's own shell is above them. */
const RUNNERS = /(^|[/\s])(npx|npm|pnpm|yarn|node|sh|bash|dash)\b/;
const PACKAGE_MANAGERS = /(^|[/\s])(npx|npm|pnpm|yarn)\b/;

/**
 * Whoever started this process, as far up as it is package managers and their
 * shells: `npx` → `sh` → `pnpm` → `sh` → us. When one of them is ended, the
 * others live on without it, so each link is watched and not the last alone.
 */
export function watchStarters(): { areGone(): boolean } {
  const parent = process.ppid;
  const above: Running[] = [];
  for (let pid = parent; ;) {
    const running = read(pid);
    if (!running || !RUNNERS.test(running.command)) break;
    above.push(running);
    pid = running.parent;
  }
  const links = above.slice(0, above.findLastIndex(({ command }) => PACKAGE_MANAGERS.test(command)) + 1);
  // The top link may lose its own parent, as under nohup; it only must not end itself.
  const top = links.at(-1)?.pid;
  return {
    areGone: () =>
      process.ppid !== parent ||
      links.some((link) => {
        const now = read(link.pid);
        return !now || (link.pid !== top && now.parent !== link.parent);
      }),
  };
}

/** From /proc; undefined where there is none, or the process has ended. */
function read(pid: number): Running | undefined {
  if (pid <= 1) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return { pid, parent: Number(parent), command };
  } catch {
    return undefined;
  }
}
