import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Doc, encodeDocument } from '../bson/value.ts';
import { StoredRecord } from '../storage/stored-record.ts';
import { encodeShape, KeptEncodings, type Shape } from './kept-encodings.ts';

const WHOLE: Shape = {};
const TITLES: Shape = { project: ({ _id, title }) => ({ _id: _id!, title: title! }) };

const aRecord = (number: number, title = `Title ${number}`) =>
  new StoredRecord({ id: String(number), number, doc: { _id: number, title, text: 'x'.repeat(200) }, version: 1 });

/** As a commit does it. */
function rewrite(record: StoredRecord, title: string): void {
  record.doc = { ...record.doc, title };
  record.encodings = undefined;
}

describe('kept encodings', () => {
  it('hands out the same bytes again until the document changes', () => {
    const kept = new KeptEncodings();
    const record = aRecord(1);
    const first = kept.encode(record, TITLES);
    expect(kept.encode(record, TITLES)).toBe(first);
    expect(kept.encode(record, WHOLE)).toEqual(encodeDocument(record.doc as Doc));
    rewrite(record, 'Another');
    expect(kept.encode(record, TITLES)).toEqual(encodeDocument({ _id: 1, title: 'Another' }));
  });

  it('says what the document is, whatever was read and changed before, with however little memory', () => {
    const step = fc.record({ at: fc.nat(7), isWrite: fc.boolean(), isWhole: fc.boolean(), length: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 8_000 }), (steps, maxBytes) => {
        const kept = new KeptEncodings(maxBytes);
        const records = Array.from({ length: 8 }, (_, number) => aRecord(number));
        const shown: { bytes: Uint8Array; wanted: Uint8Array }[] = [];
        for (const { at, isWrite, isWhole, length } of steps) {
          const record = records[at]!;
          if (isWrite) rewrite(record, 'y'.repeat(length));
          const shape = isWhole ? WHOLE : TITLES;
          shown.push({ bytes: kept.encode(record, shape), wanted: encodeShape(record.doc as Doc, shape) });
        }
        // Also what was handed out long ago, and may be on its way still.
        for (const { bytes, wanted } of shown) expect(Buffer.from(bytes)).toEqual(Buffer.from(wanted));
      }),
    );
  });

  it('forgets what nobody reads, and not what everybody does', () => {
    const kept = new KeptEncodings(40_000);
    const records = Array.from({ length: 1_000 }, (_, number) => aRecord(number));
    const popular = records[0]!;
    for (const record of records) {
      kept.encode(record, WHOLE);
      kept.encode(popular, WHOLE);
    }
    const holders = records.filter(({ encodings }) => encodings !== undefined);
    expect(holders).toContain(popular);
    const bytes = holders.reduce((sum, record) => sum + kept.encode(record, WHOLE).byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(40_000);
    expect(holders.length).toBeLessThan(200);
  });

  it('keeps nothing that is larger than what it keeps things in', () => {
    const kept = new KeptEncodings();
    const record = aRecord(1, 'z'.repeat(100_000));
    expect(kept.encode(record, WHOLE)).toEqual(encodeDocument(record.doc as Doc));
    expect(record.encodings).toBeUndefined();
  });
});
