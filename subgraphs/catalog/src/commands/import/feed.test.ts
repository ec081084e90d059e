import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { usedBytes } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import type { ImportFormat } from '../../domain/catalog-import.ts';
import { type FeedRecord, readFeed } from './feed.ts';
import { UnreadableFeedError } from './read-csv.ts';

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function readAll(format: ImportFormat, text: string | Buffer, chunkSize = 7): Promise<FeedRecord[]> {
  const records: FeedRecord[] = [];
  for await (const some of readFeed(format, chunks(Buffer.from(text), chunkSize))) records.push(...some);
  return records;
}
const summary = (records: FeedRecord[]) =>
  records.map((entry) => [entry.line, entry.problem === undefined ? entry.record : 'bad']);

describe('lines of JSON', () => {
  it('are numbered as an editor numbers them, empty ones included', async () => {
    const records = await readAll('JSONL', '\ufeff{"a":1}\r\n\n  \n{"a":2}\nnot json\n{"a":3}');
    expect(summary(records)).toEqual([
      [1, { a: 1 }],
      [4, { a: 2 }],
      [5, 'bad'],
      [6, { a: 3 }],
    ]);
  });

  it('that are too long are dropped, and the next one is read', async () => {
    const records = await readAll('JSONL', `{"a":1}\n"${'x'.repeat(70_000)}"\n{"a":2}\n`, 4_096);
    expect(summary(records)).toEqual([
      [1, { a: 1 }],
      [2, 'bad'],
      [3, { a: 2 }],
    ]);
  });

  it('are the same however the bytes are cut', async () => {
    const text = '{"a":"é—灯"}\n{"b":"\\n"}\n\nbad\n{"c":1}';
    const whole = await readAll('JSONL', text, 10_000);
    for (const size of [1, 2, 3, 5]) expect(await readAll('JSONL', text, size)).toEqual(whole);
  });

  it('keep no more than a line of a file without line breaks', async () => {
    let held = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      const before = usedBytes();
      for (let count = 0; count < 6_000; count += 1) {
        yield Buffer.alloc(64 * 1024, 'x');
        if (count % 600 === 599) held = Math.max(held, usedBytes() - before);
      }
    }
    const records: FeedRecord[] = [];
    for await (const some of readFeed('JSONL', endless())) records.push(...some);
    expect(summary(records)).toEqual([[1, 'bad']]);
    // 375 MiB went through, and 37 between two looks.
    expect(held).toBeLessThan(8 * 1024 * 1024);
  });
});

describe('a table', () => {
  it('is read by its header, whatever the case and the separator', async () => {
    for (const separator of [',', ';', '\t']) {
      const text =
        ['SKU', 'Title', 'imageurl', 'attributes.colour'].join(separator) +
        '\n' +
        ['A', 'Lamp', '', 'black'].join(separator);
      expect(summary(await readAll('CSV', text))).toEqual([
        [2, { sku: 'A', title: 'Lamp', attributes: { colour: 'black' } }],
      ]);
    }
  });

  it('takes cells over several lines, and names the row after its first', async () => {
    const text = 'sku,title\nA,"two\nlines"\nB,"say ""hi"", twice"\n';
    expect(summary(await readAll('CSV', text))).toEqual([
      [2, { sku: 'A', title: 'two\nlines' }],
      [4, { sku: 'B', title: 'say "hi", twice' }],
    ]);
  });

  it('loses one row, not the rest, to a bad quote or a wrong number of cells', async () => {
    const text = 'sku,title\nA,"open\nB,fine\nC,"clo"sed\nD,too,many\nE\nF,fine\n';
    const records = await readAll('CSV', text);
    expect(records.map(({ line, problem }) => [line, problem === undefined])).toEqual([
      [2, false],
      [3, true],
      [4, false],
      [5, false],
      [6, false],
      [7, true],
    ]);
  });

  it('reads each line as if it were the only one, however good or bad its neighbours are', async () => {
    const good = ['A,plain', 'B,"quoted, well"', '"C","say ""hi"""', '"D"', 'E,""', '"",""', 'F,too,"many"', 'G,"x"'];
    const bad = ['H,"clo"sed', 'I,in"side', 'J,a\rb', '"K",a\rb', '"L","a\rb"', ' "M" ,x', 'N,"x" '];
    const lines = fc.oneof(
      fc.array(fc.constantFrom(...good), { maxLength: 250, size: 'max' }),
      fc.array(fc.constantFrom(...good, ...bad), { maxLength: 250, size: 'max' }),
    );
    await fc.assert(
      fc.asyncProperty(lines, async (all) => {
        const together = await readAll('CSV', `sku,title\n${all.join('\n')}\n`, 1_000);
        const alone = await Promise.all(all.map((each) => readAll('CSV', `sku,title\n${each}\n`)));
        expect(together).toEqual(alone.flatMap(([record], at) => (record ? [{ ...record, line: at + 2 }] : [])));
      }),
      { numRuns: 30 },
    );
  });

  it('takes a line apart as a parser does, and refuses what that refuses', async () => {
    const line = fc
      .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', '"', '"', ',', ' ', '灯') })
      .filter((text) => text.trim() !== '');
    const judged = (text: string): unknown => {
      try {
        const [cells = []] = parse(text, { relax_column_count: true }) as string[][];
        if (cells.length !== 2) return 'bad';
        const named = [['sku', cells[0]!.trim()] as const, ['title', cells[1]!.trim()] as const];
        return Object.fromEntries(named.filter(([, value]) => value !== ''));
      } catch {
        return 'bad';
      }
    };
    await fc.assert(
      fc.asyncProperty(line, async (text) => {
        expect(summary(await readAll('CSV', `sku,title\n${text}`))).toEqual([[2, judged(text)]]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('makes no property of a prototype', async () => {
    const [record] = await readAll('CSV', 'title,__proto__,attributes.__proto__\nA,x,y\n');
    const { record: row } = record as { record: object };
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    expect(Object.getOwnPropertyNames(row)).toContain('__proto__');
  });

  it.each([
    'sku,price\nA,1',
    `title,${'x,'.repeat(300)}\n`,
    'title,price,price\n',
    `${'x'.repeat(70_000)}\n`,
    'title,"pri"ce\n',
  ])('cannot be read with such a header', async (text) => {
    await expect(readAll('CSV', text, 10_000)).rejects.toThrow(UnreadableFeedError);
  });

  it('reads what another CSV reader reads', async () => {
    const cell = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', '"', ',', '\n', ' ', '灯', ';') });
    const table = fc.array(fc.tuple(cell, cell), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = `sku,title\n${rows.map((cells) => cells.map(quote).join(',')).join('\n')}\n`;
        const expected = (
          parse(text, { columns: true, skip_empty_lines: true }) as { sku: string; title: string }[]
        ).map((row) =>
          Object.fromEntries(
            Object.entries(row)
              .map(([key, value]) => [key, value.trim()])
              .filter(([, value]) => value !== ''),
          ),
        );
        const records = await readAll('CSV', text, size);
        expect(records.map((entry) => (entry as { record: unknown }).record)).toEqual(expected);
      }),
    );
  });
});
