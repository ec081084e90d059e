import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What this process holds of the machine's memory, once it has let go of what it does not need. */
export function residentBytes(): number {
  collect();
  collect();
  return process.memoryUsage().rss;
}

/** What is alive in this process, buffers outside the heap included. What is only not collected yet is not in it. */
export function usedBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
