import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unsafeJson } from './plain-json.ts';

describe('a JSON input', () => {
  it.each([
    ['{"$ne": 1}', '$ne'],
    ['{"a": [{"$where": "1"}]}', '$where'],
    ['{"a.b": 1}', 'a.b'],
    ['{"a": {"__proto__": {"x": 1}}}', '__proto__'],
    ['{"constructor": {"prototype": {}}}', 'constructor'],
  ])('%s is refused for its key', (text, key) => {
    expect(unsafeJson(JSON.parse(text))).toContain(key);
  });

  it('is refused when it is too deep or too large', () => {
    expect(unsafeJson(JSON.parse('['.repeat(20) + ']'.repeat(20)))).toContain('deeper');
    expect(unsafeJson(Array.from({ length: 5_000 }, () => 1))).toContain('more than');
  });

  it('is taken when its keys are nothing but names', () => {
    const name = fc
      .string()
      .filter((key) => !/[$.\0]/.test(key) && !['__proto__', 'constructor', 'prototype'].includes(key));
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.array(fc.boolean()))), (value) => {
        expect(unsafeJson(value)).toBeUndefined();
      }),
    );
  });
});
