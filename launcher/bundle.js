// Makes the one file a service runs from, out of what was compiled: dist/bundle/main.js. Node keeps the text of every
// module it has loaded, and what is never called of some thousand of them was a seventh of each process; one file
// without it also starts in half the time. Plain JavaScript: the build runs it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
/** With machine code beside them: loaded from where they are installed. */
const INSTALLED = /^(sharp|@node-rs\/argon2)$/;
/** Absent on purpose, or loaded by a thread of its own. */
const LEFT_OUT = ['pg-native', 'pino-pretty'];
/** As the compiler writes a class, up to its brace. */
const CLASS_HEAD = /^( *(?:export )?(?:default )?(?:let [\w$]+ = )?class ([\w$]+)(?: extends [\w$.]+)? \{)/gm;

/** `folder` is that of a package whose `dist/main.js` starts a process. */
export async function bundleProcess(folder) {
  const outdir = join(folder, 'dist', 'bundle');
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'dist', 'main.js')],
    outdir,
    bundle: true,
    // What is imported later, if at all, stays apart.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // What Node itself would load of a package: another build of it could be there twice.
    conditions: [],
    mainFields: ['main'],
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: preludeOf(outdir) },
    external: LEFT_OUT,
    plugins: [asCompiled(outdir)],
    write: false,
    logLevel: 'error',
  });
  mkdirSync(outdir, { recursive: true });
  for (const { path, text } of outputFiles) writeFileSync(path, path.endsWith('.map') ? mapOfOurs(text) : text);
}

/**
 * A source map that knows our own sources only: Node keeps what it has read of one, which would be 60 MB for all packages
 * together, and nobody here looks at their sources.
 */
function mapOfOurs(text) {
  const map = JSON.parse(text);
  const isOurs = map.sources.map((source) => !source.includes('node_modules/'));
  const mappings = decode(map.mappings).map((line) => {
    let wasOurs = false;
    return line.filter((segment) => {
      const isKept = segment.length > 1 && isOurs[segment[1]];
      // Where ours end, the map says so once.
      const isEnd = wasOurs && !isKept;
      if (isEnd) segment.length = 1;
      wasOurs = isKept;
      return isKept || isEnd;
    });
  });
  // Numbers of sources stay as they are; those of packages have no names.
  return JSON.stringify({
    ...map,
    sources: map.sources.map((source, at) => (isOurs[at] ? source : '')),
    mappings: encode(mappings),
  });
}

/** One letter that is none of ASCII, and V8 holds the text of the whole file in two bytes for each. */
function asAscii(text) {
  return text.replaceAll(/(\\*)([\u0080-\uffff])/g, (_, slashes, letter) => {
    // What is escaped already stays what it was.
    const before = slashes.length % 2 === 1 ? slashes.slice(1) : slashes;
    return `${before}\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** What modules in CommonJS and ours find in any file; and where pino finds what it starts a thread with. */
function preludeOf(outdir) {
  const platform = JSON.stringify(relative(outdir, join(ROOT, 'platform', 'package.json')));
  return `
import { createRequire as __createRequire } from 'node:module';
import { dirname as __dirnameOf, join as __join, resolve as __resolve } from 'node:path';
import { pathToFileURL as __pathToFileURL } from 'node:url';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
const __place = (path) => __resolve(import.meta.dirname, path);
const __url = (path) => __pathToFileURL(__place(path)).href;
const __named = (target, value) => Object.defineProperty(target, 'name', { value, configurable: true });
Object.defineProperty(globalThis, '__bundlerPathsOverrides', {
  configurable: true,
  get() {
    const installed = __createRequire(__place(${platform}));
    const pino = installed.resolve('pino');
    return {
      'pino-worker': __join(__dirnameOf(pino), 'lib', 'worker.js'),
      'pino-pretty': installed.resolve('pino-pretty'),
      'thread-stream-worker': __join(__dirnameOf(__createRequire(pino).resolve('thread-stream')), 'lib', 'worker.js'),
    };
  },
});`;
}

/**
 * What our modules know of themselves, whatever file they are in now: where they were compiled to, and what their classes
 * are called. Of two of one name the second is called otherwise in one file, and migrations, entities and types of the
 * graph would be with it.
 */
function asCompiled(outdir) {
  return {
    name: 'as compiled',
    setup({ onLoad, onResolve }) {
      // Made from sources, and only where there is nothing compiled.
      onResolve({ filter: /\/live-page\/bundle\.js$/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: INSTALLED }, ({ path, importer }) => ({
        path: relative(outdir, createRequire(importer).resolve(path)),
        external: true,
      }));
      onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
        const text = asAscii(readFileSync(path, 'utf8'));
        if (path.includes('/node_modules/')) return { contents: text, loader: 'js' };
        const place = JSON.stringify(relative(outdir, path));
        const folder = JSON.stringify(relative(outdir, dirname(path)));
        const contents = text
          .replaceAll('import.meta.filename', `__place(${place})`)
          .replaceAll('import.meta.dirname', `__place(${folder})`)
          .replaceAll('import.meta.url', `__url(${place})`)
          .replaceAll(CLASS_HEAD, '$1 static { __named(this, "$2"); }');
        return { contents, loader: 'js' };
      });
    },
  };
}
