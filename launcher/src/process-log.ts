import type { ChildProcessByStdio } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** What a process says goes behind what is in the file; it is all there when the stream is finished, whichever of its outputs ends first. */
export function keepLog(process: ChildProcessByStdio<Writable | null, Readable, Readable>, file: string): WriteStream {
  const output = createWriteStream(file, { flags: 'a' });
  for (const said of [process.stdout, process.stderr]) said.pipe(output, { end: false });
  process.once('close', () => output.end());
  return output;
}
