import type { IncomingMessage } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGatewayConfig } from '../config.ts';
import { clientAddress } from './client-address.ts';
import { createOrigins } from './origins.ts';
import { routeOf } from './public-routes.ts';
import { readSampleOperations } from './sample-operations.ts';

const requestWith = (headers: Record<string, string>, remoteAddress = '203.0.113.9') =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage;

describe("a client's address", () => {
  it.each([
    [0, '10.0.0.1', '203.0.113.9'],
    [1, '10.0.0.1, 198.51.100.7', '198.51.100.7'],
    [2, '10.0.0.1, 198.51.100.7', '10.0.0.1'],
    [1, '<script>', '203.0.113.9'],
    [3, '10.0.0.1', '203.0.113.9'],
    [1, '2001:db8::1', '2001:db8::1'],
  ])('with %i trusted proxies and "%s" is %s', (trusted, forwarded, expected) => {
    expect(clientAddress(requestWith({ 'x-forwarded-for': forwarded }), trusted)).toBe(expected);
  });

  it('is the peer without a header', () => {
    expect(clientAddress(requestWith({}), 1)).toBe('203.0.113.9');
  });
});

describe('an origin', () => {
  const origins = createOrigins({ publicUrl: 'https://shop.example/graph', allowedOrigins: ['https://app.example'] });
  it.each([
    [undefined, true],
    ['https://shop.example', true],
    ['https://app.example', true],
    ['http://127.0.0.1:4000', true],
    ['https://evil.example', false],
    ['https://shop.example.evil.example', false],
    ['null', false],
    ['', false],
  ])('%s: %s', (origin, isAllowed) => {
    const headers = { host: '127.0.0.1:4000', ...(origin === undefined ? {} : { origin }) };
    expect(origins.isAllowed(requestWith(headers))).toBe(isAllowed);
  });
});

describe('public routes', () => {
  it.each([
    ['/uploads/abc', 'catalog'],
    ['/media/a/b.png', 'catalog'],
    ['/webhooks/stripe', 'payments'],
    ['/.well-known/jwks.json', 'accounts'],
    ['/webhooks/stripe/more', undefined],
    ['/uploads', undefined],
    ['/events', undefined],
    ['/graphql', undefined],
  ])('%s goes to %s', (path, subgraph) => {
    expect(routeOf(path)?.subgraph).toBe(subgraph);
  });
});

describe('sample operations', () => {
  it('are documents of their own, with fragments and a place for what they need', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'marketgraph-samples-'));
    try {
      await writeFile(
        join(folder, 'a.graphql'),
        'mutation M($id: ID!) { m(id: $id) { ...F } } fragment F on T { ...G }',
      );
      await writeFile(
        join(folder, 'b.graphql'),
        'query Q($n: Int = 3) { q(n: $n) } fragment G on T { g } fragment H on T { h }',
      );
      await writeFile(join(folder, 'notes.txt'), 'not graphql');
      const [first, second] = await readSampleOperations(folder);
      expect(first).toEqual({ name: 'Q', text: expect.stringContaining('query Q'), variables: undefined });
      expect(second?.variables).toEqual({ id: '<ID!>' });
      expect(second?.text).toMatch(/fragment F[\s\S]+fragment G/);
      expect(second?.text).not.toContain('fragment H');
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(await readSampleOperations(join(folder, 'gone'))).toEqual([]);
  });
});

describe('the configuration', () => {
  const env = { REDIS_URL: 'redis://localhost', CURSOR_SECRET: 'sixteen letters!' };
  it('has limits by default and is not production', () => {
    expect(readGatewayConfig(env)).toMatchObject({
      port: 4_000,
      explorer: true,
      introspection: true,
      login: { perAccount: 5, perAddress: 20 },
      optionalSubgraphs: ['reviews', 'search'],
    });
  });

  it('shows neither explorer nor schema in production, and off is off elsewhere too', () => {
    const production = {
      NODE_ENV: 'production',
      REDIS_URL: 'redis://gateway:4fJ0vQmB2xkR@redis:6379',
      CURSOR_SECRET: '9vXkJq2mLr8TzW4yBn6d',
    };
    expect(readGatewayConfig(production)).toMatchObject({ explorer: false, introspection: false });
    expect(readGatewayConfig({ ...env, EXPLORER: 'off', INTROSPECTION: 'off' })).toMatchObject({
      explorer: false,
      introspection: false,
    });
  });

  it('row 84: refuses production with everything that is wrong', () => {
    const careless = { ...env, NODE_ENV: 'production', EXPLORER: 'on', INTROSPECTION: '1', CRASH_AT: 'x' };
    expect(() => readGatewayConfig({ ...careless, CURSOR_SECRET: '' })).toThrow(
      'Configuration: GATEWAY_CURSOR_SECRET is not set; REDIS_URL has no password; EXPLORER must not be on in production; ' +
        'INTROSPECTION must not be on in production; CRASH_AT is a hook for tests and must not be set in production',
    );
  });

  it.each([
    [{ REDIS_URL: '' }, 'GATEWAY_REDIS_URL is not set'],
    [{ CURSOR_SECRET: '' }, 'GATEWAY_CURSOR_SECRET is not set'],
    [{ CURSOR_SECRET: 'short' }, 'GATEWAY_CURSOR_SECRET must be at least 16 characters long'],
    [{ GATEWAY_PORT: '70000' }, 'GATEWAY_PORT must be an integer'],
  ])('says what is wrong: %j', (change, message) => {
    expect(() => readGatewayConfig({ ...env, ...change })).toThrow(message);
  });
});
