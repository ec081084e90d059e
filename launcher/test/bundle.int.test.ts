import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withSourcePlaces } from '@marketgraph/platform/telemetry';
import { bundleProcess } from '../bundle.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'marketgraph-bundle-')));

/** As the compiler leaves them, with a map each. */
const SOURCES: Readonly<Record<string, string>> = {
  'store/orders': `export class Initial {}\nexport const place = import.meta.dirname;`,
  'store/carts': `import { Initial as Other } from './orders.js';
export class Initial {}
export const names = [Other.name, Initial.name];`,
  late: `export const late = 'later';`,
  main: `import { readFileSync } from 'node:fs';
import * as lib from 'lib';
import { place } from './store/orders.js';
import { names } from './store/carts.js';

function fail(): never {
  throw new Error('on purpose');
}

const { late } = await import('./late.js');
let stack = '';
try {
  fail();
} catch (error) {
  stack = (error as Error).stack ?? '';
}
const text = readFileSync(new URL('../beside.txt', import.meta.url), 'utf8');
console.log(JSON.stringify({ names, place, late, text, stack, lib: lib.hello(), isQuote: lib.isQuote('’') }));`,
};

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

let said: { names: string[]; place: string; late: string; text: string; stack: string; lib: string; isQuote: boolean };

beforeAll(async () => {
  write('package.json', '{"type":"module"}');
  write('beside.txt', 'beside dist');
  write('node_modules/lib/package.json', '{"name":"lib","main":"index.js"}');
  write(
    'node_modules/lib/index.js',
    `const { sep } = require('node:path');
exports.hello = () => 'hello' + sep;
exports.isQuote = (text) => /^[‘\\’]$/.test(text);`,
  );
  for (const [name, source] of Object.entries(SOURCES)) {
    const sourcefile = join(folder, 'src', `${name}.ts`);
    const { code } = transformSync(source, { loader: 'ts', format: 'esm', sourcemap: 'inline', sourcefile });
    write(`dist/${name}.js`, code);
  }
  await bundleProcess(folder);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'dist', 'bundle', 'main.js')]);
  said = JSON.parse(stdout) as typeof said;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the one file a service runs from', () => {
  it('calls each class what its module calls it', () => {
    expect(said.names).toEqual(['Initial', 'Initial']);
  });

  it('lets modules find what was beside them, and what is loaded later', () => {
    expect(said).toMatchObject({ place: join(folder, 'dist', 'store'), text: 'beside dist', late: 'later' });
    expect(said.lib).toBe('hello/');
  });

  it('tells errors by the places of our own sources', () => {
    expect(said.stack).toContain(`/dist/bundle/main.js:`);
    expect(withSourcePlaces(said.stack)).toContain(`${join(folder, 'src', 'main.ts')}:7:`);
  });

  it('is ASCII, and means the same', () => {
    expect(said.isQuote).toBe(true);
    expect(readFileSync(join(folder, 'dist', 'bundle', 'main.js')).every((byte) => byte < 0x80)).toBe(true);
  });

  it('has a map of our own sources alone', () => {
    const { sources } = JSON.parse(readFileSync(join(folder, 'dist', 'bundle', 'main.js.map'), 'utf8')) as {
      sources: string[];
    };
    expect(sources.filter((source) => source !== '').map((source) => source.split('/src/')[1])).toContain('main.ts');
    expect(sources.join()).not.toContain('node_modules');
  });
});
