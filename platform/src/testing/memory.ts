import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

function collected(): NodeJS.MemoryUsage {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  collect();
  return process.memoryUsage();
}

/** What this process holds of the machine's memory, once it has let go of what it does not need. */
export function residentBytes(): number {
  return collected().rss;
}

/** What is alive in this process, buffers outside the heap included. What is only not collected yet is not in it. */
export function usedBytes(): number {
  const { heapUsed, external } = collected();
  return heapUsed + external;
}
