// Runs the sources of this workspace: `node --conditions=source --import <this file> some/source.ts`. Tests start
// processes by the hundred, and most of what such a one costs is its start: what was compiled once is kept by its
// content, and handed over in the thread that loads it. Plain JavaScript: it runs before anything is compiled.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const CACHES = resolve(import.meta.dirname, '..', '..', '..', '.cache');
const CACHE = join(CACHES, 'sources');
/** As tsconfig.json has it: decorators need a compiler, types are only taken away. */
const OPTIONS = {
  loader: 'ts',
  format: 'esm',
  target: 'node22',
  sourcemap: 'inline',
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
};
const OPTIONS_TEXT = JSON.stringify(OPTIONS);

// What V8 makes of them is kept as well; whoever has a folder for that names it in the environment.
enableCompileCache(join(CACHES, 'node'));

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !/\.ts(\?|$)/.test(url) || url.includes('/node_modules/')) {
      return nextLoad(url, context);
    }
    return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
  },
});

function compiled(path) {
  const source = readFileSync(path, 'utf8');
  const hash = createHash('sha1').update(OPTIONS_TEXT).update(path).update(source).digest('hex');
  const file = join(CACHE, `${hash}.js`);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return keep(file, compile(path, source));
  }
}

function compile(path, source) {
  // Loaded only when there is something to compile: most starts compile nothing.
  const { transformSync } = require('esbuild');
  return transformSync(source, { ...OPTIONS, sourcefile: path }).code;
}

/** Whole or not at all: another process may be reading it. */
function keep(file, code) {
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, code);
  renameSync(unfinished, file);
  return code;
}
