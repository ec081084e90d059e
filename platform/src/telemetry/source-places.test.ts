import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { withSourcePlaces } from './source-places.ts';

/** A bundle of three lines, of which the first is line 1 of `orders.ts` and the second is nobody's. */
function aBundle(map: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-places-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dist', 'bundle'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'bundle', 'main.js.map'), map);
  return pathToFileURL(folder).href;
}

const MAP = JSON.stringify({ version: 3, sources: ['', '../../src/orders.ts'], names: [], mappings: 'ACAA;A;ACCE' });

test('a stack names our own sources where it would name the bundle', () => {
  const folder = aBundle(MAP);
  const stack = `Error: no\n    at buy (${folder}/dist/bundle/main.js:1:1)\n    at ${folder}/dist/bundle/main.js:1:1`;
  expect(withSourcePlaces(stack)).toBe(
    `Error: no\n    at buy (${folder}/src/orders.ts:1:1)\n    at ${folder}/src/orders.ts:1:1`,
  );
});

test('what is not ours stays as it is', () => {
  const folder = aBundle(MAP);
  const places = ['at run (node:internal/timers:1:1)', `at ask (${folder}/dist/bundle/main.js:2:1)`];
  for (const place of places) expect(withSourcePlaces(place)).toBe(place);
});

test('without a map that can be read the places of the bundle have to do', () => {
  for (const map of ['', '{"version":3}']) {
    const place = `at ${aBundle(map)}/dist/bundle/main.js:1:1`;
    expect(withSourcePlaces(place)).toBe(place);
  }
});
