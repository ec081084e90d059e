import { readdirSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { EventContract } from '@marketgraph/schema/events/fact';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/printed-schemas.ts';

const EVENTS = resolve(ROOT, 'schema', 'events');
const SUBGRAPHS = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];
const domains = readdirSync(EVENTS)
  .map((file) => basename(file, '.ts'))
  .filter((name) => name !== 'fact')
  .toSorted();

type AnyContract = EventContract<string, unknown>;

const isContract = (value: unknown): value is AnyContract =>
  typeof value === 'object' && value !== null && 'name' in value && 'version' in value && 'sample' in value;

const contracts = new Map<string, { domain: string; constant: string; contract: AnyContract }>();
for (const domain of domains) {
  const module = (await import(/* @vite-ignore */ resolve(EVENTS, `${domain}.ts`))) as Record<string, unknown>;
  for (const [constant, contract] of Object.entries(module)) {
    if (!isContract(contract)) continue;
    if (contracts.has(contract.name)) throw new Error(`${contract.name} is declared twice`);
    contracts.set(contract.name, { domain, constant, contract });
  }
}

const source = (subgraph: string, file: string) =>
  readFileSync(resolve(ROOT, 'subgraphs', subgraph, 'src', 'events', file), 'utf8');

describe('X1 event contracts', () => {
  it('are there: every subgraph that has something to tell declares it', () => {
    expect(domains).toEqual(['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews']);
    expect(contracts.size).toBeGreaterThanOrEqual(domains.length);
  });

  it.each([...contracts])(
    '%s is a fact of its domain, in the past tense, with a version',
    (name, { domain, contract }) => {
      expect(name).toMatch(new RegExp(`^${domain}\\.[a-z][A-Za-z]*(ed|en|[sS]et|lost|paid|sold|sent|put|held|told)$`));
      expect(contract.version).toBeGreaterThanOrEqual(1);
      expect(Number.isInteger(contract.version)).toBe(true);
    },
  );

  it.each([...contracts])('%s travels as JSON without loss', (_, { contract }) => {
    expect(contract.sample).not.toBeNull();
    expect(typeof contract.sample).toBe('object');
    expect(JSON.parse(JSON.stringify(contract.sample))).toStrictEqual(contract.sample);
    for (const value of leavesOf(contract.sample)) {
      expect(typeof value === 'number' ? Number.isSafeInteger(value) || !Number.isInteger(value) : true).toBe(true);
    }
  });

  it.each([...contracts])('%s has the name its constant has, so that a search finds both', (name, { constant }) => {
    expect(name.split('.')[1]).toBe(constant);
  });

  it.each(domains)('%s emits what it declares, and takes every name from its contract', (domain) => {
    const text = source(domain, 'out.ts');
    const declared = [...contracts.values()].filter((entry) => entry.domain === domain);
    // That a name it takes exists is the compiler's to say; that none is forgotten or written by hand is ours.
    const silent = declared.filter(({ constant }) => !new RegExp(`\\b${constant}\\b`).test(text));
    expect(silent.map(({ constant }) => constant)).toEqual([]);
    const origins = [...text.matchAll(/from '@marketgraph\/schema\/events\/(\w+)'/g)].map(([, origin]) => origin);
    expect(origins).toEqual([domain]);
    expect(text).not.toMatch(/name: ['"`]/);
  });

  it.each(SUBGRAPHS)('%s listens only to events that somebody declares', (subgraph) => {
    const text = readdirSync(resolve(ROOT, 'subgraphs', subgraph, 'src', 'events'))
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'out.ts')
      .map((file) => source(subgraph, file))
      .join('\n');
    const heard = [...text.matchAll(/'((?:accounts|catalog|inventory|orders|payments|reviews|search)\.[a-z]\w*)'/g)]
      .map(([, name]) => name!)
      .filter((name) => !contracts.has(name));
    expect(heard).toEqual([]);
  });
});

function leavesOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leavesOf);
  return [value];
}
