import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Environment } from '@marketgraph/platform/config';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '..', '..');

interface ComposeService {
  image?: string;
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: string[] | Record<string, unknown>;
  profiles?: string[];
  networks?: string[] | Record<string, { ipv4_address: string }>;
  volumes?: string[];
}

const compose = parse(readFileSync(resolve(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, ComposeService>;
};
const subgraphs = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];
const stores = ['postgres', 'redis', 'mongodb', 'typesense'];
const searchNodes = ['typesense-1', 'typesense-2', 'typesense-3'];

/** Values as compose would fill them in: long enough for a secret, right for what is checked. */
const SECRETS: Readonly<Record<string, string>> = {
  STRIPE_SECRET_KEY: 'sk_test_0123456789abcdef',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789abcdef',
  PUBLIC_URL: 'http://localhost:4000',
  OPERATOR_EMAIL: 'operator@example.org',
  JWT_PRIVATE_KEYS: JSON.stringify([
    {
      kty: 'OKP',
      crv: 'Ed25519',
      kid: 'k1',
      alg: 'EdDSA',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    },
  ]),
};

const filled = (value: string) =>
  value
    .replaceAll(/\$\{(\w+):\?\}/g, (_, name: string) => SECRETS[name] ?? `a-long-secret-for-${name}`)
    .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');

/** Reads the way the service's process does, and remembers which settings it asked for. */
async function settingsRead(service: string): Promise<Set<string>> {
  const asked = new Set<string>();
  const given = Object.fromEntries(
    Object.entries(compose.services[service]!.environment ?? {}).map(([name, value]) => [name, filled(String(value))]),
  );
  const env = new Proxy(given, {
    get: (target, name: string) => {
      if (name in target) asked.add(name);
      return target[name];
    },
  }) as Environment;
  const reader = `read${service[0]!.toUpperCase()}${service.slice(1)}Config`;
  const path = service === 'gateway' ? 'gateway' : `subgraphs/${service}`;
  const config = (await import(/* @vite-ignore */ resolve(ROOT, path, 'src', 'config.ts'))) as Record<
    string,
    (env: Environment) => unknown
  >;
  config[reader]!(env);
  return asked;
}

/** What `runSubgraph` and the gateway's entry read for every process, besides the service's own settings. */
const PROCESS_SETTINGS = new Set(['HOST', 'PORT', 'INTERNAL_SIGNING_KEY', 'INTERNAL_TRUSTED_KEYS']);

describe('docker-compose.yml', () => {
  it('has one container per subgraph, a gateway and the real stores', () => {
    const started = Object.keys(compose.services).filter((name) => !compose.services[name]!.profiles);
    expect(started.toSorted()).toEqual([...subgraphs, 'gateway', ...stores].toSorted());
  });

  it('S11 has three nodes of search that know one another, and their addresses for the service', () => {
    const inProfile = Object.entries(compose.services).filter(([, { profiles }]) =>
      profiles?.includes('search-cluster'),
    );
    expect(inProfile.map(([name]) => name)).toEqual(searchNodes);
    const known = readFileSync(resolve(ROOT, 'docs', 'deploy', 'typesense-nodes'), 'utf8')
      .trim()
      .split(',');
    const addresses = inProfile.map(([, { environment, networks, volumes, image }]) => {
      const { ipv4_address: address } = (networks as Record<string, { ipv4_address: string }>)['typesense-cluster']!;
      expect(environment).toMatchObject({
        TYPESENSE_PEERING_ADDRESS: address,
        TYPESENSE_NODES: '/etc/typesense-nodes',
      });
      expect(volumes).toContain('./docs/deploy/typesense-nodes:/etc/typesense-nodes:ro');
      expect(image).toBe(compose.services['typesense']!.image);
      return address;
    });
    expect(known).toEqual(addresses.map((address) => `${address}:8107:8108`));
    expect(compose.services['search']!.networks).toEqual(['default', 'typesense-cluster']);
    const example = readFileSync(resolve(ROOT, '.env.example'), 'utf8');
    expect(example).toContain(`TYPESENSE_URL=${searchNodes.map((name) => `http://${name}:8108`).join()}`);
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of Object.entries(compose.services)) expect(image, name).toMatch(/:\d+\.\d+/);
  });

  it.each([...subgraphs, 'gateway'])('gives %s exactly the settings it reads', async (service) => {
    const asked = await settingsRead(service);
    const peers = new Set(subgraphs.map((name) => `${name.toUpperCase()}_URL`));
    for (const name of Object.keys(compose.services[service]!.environment ?? {})) {
      expect(asked.has(name) || PROCESS_SETTINGS.has(name) || peers.has(name), `${service} reads ${name}`).toBe(true);
    }
  });

  it.each(subgraphs)('tells %s of the peers its process entry names, and of no other', (service) => {
    const entry = readFileSync(resolve(ROOT, 'subgraphs', service, 'src', 'main.ts'), 'utf8');
    const named = /peers: \[([^\]]*)\]/.exec(entry)?.[1] ?? '';
    const peers = [...named.matchAll(/'(\w+)'/g)].map(([, name]) => `${name!.toUpperCase()}_URL`);
    const given = Object.keys(compose.services[service]!.environment ?? {}).filter((name) =>
      subgraphs.some((peer) => name === `${peer.toUpperCase()}_URL`),
    );
    expect(given.toSorted()).toEqual(peers.toSorted());
  });

  it('X3 gives no two services the same credential of a store', () => {
    const urls = subgraphs.map((service) => {
      const { DATABASE_URL, MONGODB_URL } = compose.services[service]!.environment ?? {};
      return DATABASE_URL ?? MONGODB_URL;
    });
    const used = urls.filter((url) => url !== undefined);
    expect(new Set(used).size).toBe(used.length);
  });

  it('names a secret for everything that needs one, and holds none itself', () => {
    const example = readFileSync(resolve(ROOT, '.env.example'), 'utf8');
    const text = readFileSync(resolve(ROOT, 'docker-compose.yml'), 'utf8');
    const needed = new Set([...text.matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name!));
    for (const name of needed) expect(example, name).toMatch(new RegExp(`^${name}=`, 'm'));
    expect(text).not.toMatch(/sk_(test|live)_|whsec_/);
  });

  it('starts what the build makes', () => {
    for (const service of subgraphs)
      expect(compose.services[service]!.command).toEqual([`subgraphs/${service}/dist/bundle/main.js`]);
  });
});
