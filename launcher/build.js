// Compiles what has changed to dist, package by package, and makes one file of each service. Plain JavaScript: it runs
// before anything is compiled.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const BUNDLER = join(ROOT, 'launcher', 'bundle.js');
const SHARED = ['tsconfig.json', 'tsconfig.build.json', 'pnpm-lock.yaml'];

const packages = [
  'platform',
  'schema',
  'gateway',
  'gateway/federation-live',
  'monolith',
  'launcher',
  'launcher/doctor',
  'launcher/stores',
  'launcher/verify',
  ...['subgraphs', 'emulators'].flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)),
].filter((path) => existsSync(join(ROOT, path, 'tsconfig.json')));

/** The page of the gateway is made of its own sources and the documents of its operations. */
const PAGE_OF = {
  gateway: {
    inputs: ['schema/generated/operations.ts'],
    file: 'live-page.html',
    // Loaded only when there is something to bundle: most starts compile nothing.
    bundle: async () => (await import('../gateway/live-page/bundle.js')).bundleLivePage(),
  },
};

/** Names and times of everything that goes into a package's dist. */
function stampOf(path) {
  const sources = ['src', 'events', 'generated', 'live-page']
    .map((folder) => join(ROOT, path, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true })
        .filter((name) => /\.(ts|html|css|js)$/.test(name))
        .map((name) => join(folder, name)),
    );
  const inputs = [
    ...sources,
    join(ROOT, path, 'package.json'),
    ...[...SHARED, ...(PAGE_OF[path]?.inputs ?? [])].map((name) => join(ROOT, name)),
  ];
  return inputs.map((file) => `${file} ${statSync(file).mtimeMs}`).join('\n');
}

/** Of everything in a process: the packages of this workspace that it is made of, and how. */
function bundleStampOf({ parts }) {
  return [...parts.map(stampOf), `${BUNDLER} ${statSync(BUNDLER).mtimeMs}`].join('\n');
}

/** What runs as a process of its own, and what of this workspace goes into it. */
const processes = packages
  .filter((path) => path === 'gateway' || path === 'launcher' || /^(subgraphs|emulators)\//.test(path))
  .map((path) => ({
    path,
    parts: path === 'launcher' ? packages : ['platform', 'schema', 'gateway/federation-live', path],
  }));

function compile(path) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [TSC, '-p', join(ROOT, path, 'tsconfig.json')], { stdio: 'inherit' });
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`${path} could not be compiled`))));
  });
}

const stale = packages.filter((path) => {
  const stamp = join(ROOT, path, 'dist', '.stamp');
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== stampOf(path);
});
if (stale.length > 0) process.stdout.write(`Compiling ${stale.length} packages …\n`);
const queue = [...stale];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let path = queue.shift(); path; path = queue.shift()) {
      rmSync(join(ROOT, path, 'dist'), { recursive: true, force: true });
      const stamp = stampOf(path);
      await compile(path);
      const page = PAGE_OF[path];
      if (page) writeFileSync(join(ROOT, path, 'dist', page.file), await page.bundle());
      writeFileSync(join(ROOT, path, 'dist', '.stamp'), stamp);
    }
  }),
);

const staleProcesses = processes.filter((each) => {
  const stamp = join(ROOT, each.path, 'dist', 'bundle', '.stamp');
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== bundleStampOf(each);
});
if (staleProcesses.length > 0) {
  // Loaded only when there is something to bundle.
  const { bundleProcess } = await import('./bundle.js');
  for (const each of staleProcesses) {
    rmSync(join(ROOT, each.path, 'dist', 'bundle'), { recursive: true, force: true });
    await bundleProcess(join(ROOT, each.path));
    writeFileSync(join(ROOT, each.path, 'dist', 'bundle', '.stamp'), bundleStampOf(each));
  }
}
