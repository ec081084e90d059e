import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');
const SUBGRAPHS = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];

interface Import {
  /** Path below the root of the file that imports. */
  from: string;
  /** Below the root for a relative import, else the specifier. */
  to: string;
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.(test|int\.test)\.ts$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|dist|test|testing)\//.test(path));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gm),
    ...text.matchAll(/^import '([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
  ].map(([, specifier]) => specifier!);
  return specifiers.map((to) => ({
    from: file,
    to: to.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file), to)) : to,
  }));
}

const importsIn = (folder: string): Import[] => sourcesIn(folder).flatMap(importsOf);
const shown = (imports: Import[]) => imports.map(({ from, to }) => `${from} → ${to}`);
const workspace = (to: string) => to.startsWith('@marketgraph/');

describe('X4 who may import whom', () => {
  it.each(SUBGRAPHS)('%s shares nothing with another subgraph but schema and platform', (name) => {
    const foreign = importsIn(`subgraphs/${name}/src`).filter(({ to }) =>
      workspace(to)
        ? !/^@marketgraph\/(platform|schema)\//.test(to)
        : to.includes('/') && to.startsWith('subgraphs/') && !to.startsWith(`subgraphs/${name}/`),
    );
    expect(shown(foreign)).toEqual([]);
  });

  it.each(SUBGRAPHS)('the domain of %s is pure: no store, no GraphQL, no Node module, no clock', (name) => {
    const impure = importsIn(`subgraphs/${name}/src/domain`).filter(
      ({ to }) => !to.startsWith(`subgraphs/${name}/src/domain/`) && to !== '@marketgraph/platform/core',
    );
    expect(shown(impure)).toEqual([]);
    for (const file of sourcesIn(`subgraphs/${name}/src/domain`)) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      expect(text, file).not.toMatch(/\bDate\.now\(|new Date\(\)|Math\.random\(|process\.env/);
    }
  });

  it.each(SUBGRAPHS)(
    'in %s nothing below the resolvers knows GraphQL types, and resolvers open no transaction',
    (name) => {
      const upward = ['store', 'commands', 'events'].flatMap((folder) =>
        importsIn(`subgraphs/${name}/src/${folder}`).filter(
          ({ to }) => to.startsWith(`subgraphs/${name}/src/graphql/`) || to === 'type-graphql',
        ),
      );
      expect(shown(upward)).toEqual([]);
      for (const file of sourcesIn(`subgraphs/${name}/src/graphql`)) {
        expect(readFileSync(join(ROOT, file), 'utf8'), file).not.toMatch(
          /\binTransaction\(|\binMongoTransaction\(|\.transactional\(/,
        );
      }
    },
  );

  it('platform knows no domain: it imports nothing of this workspace, and schema imports nothing at all', () => {
    expect(shown(importsIn('platform/src').filter(({ to }) => workspace(to)))).toEqual([]);
    const outward = ['events', 'user-errors.ts'].flatMap((path) =>
      path.endsWith('.ts') ? importsOf(`schema/${path}`) : importsIn(`schema/${path}`),
    );
    expect(shown(outward.filter(({ to }) => !to.startsWith('schema/')))).toEqual([]);
  });

  it('federation-live serves any graph: it imports nothing of this workspace', () => {
    expect(shown(importsIn('gateway/federation-live/src').filter(({ to }) => workspace(to)))).toEqual([]);
  });

  it('the gateway knows no subgraph, and only the registry does', () => {
    const names = new RegExp(`^@marketgraph/(${SUBGRAPHS.join('|')})(/|$)`);
    const knowing = ['gateway/src', 'monolith/src', 'launcher/src', 'platform/src']
      .flatMap(importsIn)
      .filter(({ to }) => names.test(to));
    expect([...new Set(knowing.map(({ from }) => from))]).toEqual(['monolith/src/registry.ts']);
  });

  it('product code never imports an emulator', () => {
    const product = [
      'gateway/src',
      'monolith/src',
      'platform/src',
      ...SUBGRAPHS.map((name) => `subgraphs/${name}/src`),
    ];
    const leaks = product
      .flatMap(importsIn)
      .filter(({ to }) => to.includes('emulator') || to === '@marketgraph/stores');
    expect(shown(leaks)).toEqual([]);
  });

  it('only configuration and process entries read the environment', () => {
    const readers = ['gateway/src', ...SUBGRAPHS.map((name) => `subgraphs/${name}/src`)]
      .flatMap(sourcesIn)
      .filter((file) => /process\.env(?!\[[^\]]+\] =[^=])/.test(readFileSync(join(ROOT, file), 'utf8')))
      .filter((file) => !/\/(main|config)\.ts$/.test(file));
    expect(readers).toEqual([]);
  });
});
