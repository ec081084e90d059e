import { MAX_LINE_BYTES } from '../../domain/catalog-import.ts';

/** A line of a feed; `text` is undefined when it is too long or no UTF-8. */
export interface FeedLine {
  line: number;
  text?: string;
  problem?: string;
}

const NEWLINE = 0x0a;

/**
 * Splits bytes into lines while they arrive, the lines of one piece together: to wait for each costs more than to read it.
 * Of a line that is too long nothing is kept but its number, so that the memory used does not depend on the file.
 */
export async function* readLines(content: AsyncIterable<Buffer>): AsyncGenerator<FeedLine[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 0;
  let parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer) => {
    length += part.length;
    if (length > MAX_LINE_BYTES) parts = [];
    else parts.push(part);
  };
  const finish = (): FeedLine => {
    line += 1;
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const isTooLong = length > MAX_LINE_BYTES;
    parts = [];
    length = 0;
    if (isTooLong) return { line, problem: `The line is longer than ${MAX_LINE_BYTES} bytes.` };
    try {
      return { line, text: decoder.decode(bytes) };
    } catch {
      return { line, problem: 'The line is not UTF-8 text.' };
    }
  };
  for await (const chunk of content) {
    let from = 0;
    const lines: FeedLine[] = [];
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      from = at + 1;
      lines.push(finish());
    }
    if (from < chunk.length) take(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (length > 0) yield [finish()];
}
