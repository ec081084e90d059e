import fc from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_RULES, keptSpans, toSpans, toTokens } from './tokens.ts';

const rules = { separators: new Set(['-', '/']), symbols: new Set(['+', '#']) };

describe('a text', () => {
  test.each<[string, string[]]>([
    ['Running  Shoe,\tbrown', ['running', 'shoe', 'brown']],
    ['Wi-Fi AX-3000', ['wifi', 'ax3000']],
    ['Café Crème', ['cafe', 'creme']],
    ["O'Reilly & Sons", ['oreilly', 'sons']],
    ['Straße Łódź Ångström', ['strasse', 'lodz', 'angstrom']],
    ['10.5" screen', ['105', 'screen']],
    ['!!! ...', []],
    ['日本 コーヒー', ['日本', 'コーヒー']],
  ])('%s is split into its words', (text, tokens) => {
    expect(toTokens(text, DEFAULT_RULES)).toEqual(tokens);
  });

  test('is split at separators and keeps symbols, when asked', () => {
    expect(toTokens('wi-fi/lan', rules)).toEqual(['wi', 'fi', 'lan']);
    const [cpp, c] = toTokens('C++ C', rules);
    expect(cpp).not.toBe(c);
    expect(toTokens('c++', rules)[0]).toBe(cpp);
  });

  test('has the same words when it comes again, however little is remembered', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', 'é', ' ', '-', '日'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), fc.nat(60), (texts, limit) => {
        const spansOf = keptSpans(rules, limit);
        for (const each of [...texts, ...texts]) expect(spansOf(each)).toEqual(toSpans(each, rules));
      }),
    );
    const spansOf = keptSpans(rules);
    expect(spansOf('wi-fi lan')).toBe(spansOf('wi-fi lan'));
  });

  test('knows where each word stands', () => {
    const text = 'Café-Bar "Zur Post"';
    const words = toSpans(text, DEFAULT_RULES).map((span) => text.slice(span.start, span.end));
    expect(words).toEqual(['Café-Bar', 'Zur', 'Post']);
  });

  test('is seen by SQLite as the same words', () => {
    const db = new DatabaseSync(':memory:');
    onTestFinished(() => db.close());
    db.exec(
      "CREATE VIRTUAL TABLE t USING fts5(x, tokenize = 'ascii'); CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)",
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const tokens = toTokens(text, rules);
        db.exec('DELETE FROM t');
        db.prepare('INSERT INTO t (rowid, x) VALUES (1, ?)').run(tokens.join(' '));
        const stored = db.prepare('SELECT term FROM v ORDER BY "offset"').all();
        expect(stored.map((row) => row['term'])).toEqual(tokens);
      }),
    );
  });
});
