import { createHash } from 'node:crypto';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

let stores: Stores;
let test: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({ redisUrl: stores.redis.gateway });
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

describe('GET /live', () => {
  it('is one page that names no other address', async () => {
    const response = await fetch(`${test.url}/live`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await response.text();
    expect(html).toMatch(/^<!doctype html>/);
    const loaded = [...html.matchAll(/<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)="([^"]*)"/g)];
    expect(loaded.map(([, address]) => address)).toEqual(['data:,']);
    expect(html).not.toMatch(/@import|url\(/);
    expect(Buffer.byteLength(html)).toBeLessThan(150_000);
  });

  it('allows the scripts and styles that are in it and nothing else', async () => {
    const response = await fetch(`${test.url}/live`);
    const html = await response.text();
    const policy = Object.fromEntries(
      response.headers
        .get('content-security-policy')!
        .split(';')
        .map((directive) => directive.split(' '))
        .map(([name, ...sources]) => [name, sources]),
    );
    const hashes = (tag: string) =>
      [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, 'g'))].map(
        ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
      );
    expect(hashes('script')).toHaveLength(1);
    expect(policy).toEqual({
      'default-src': ["'none'"],
      'script-src': hashes('script'),
      'style-src': hashes('style'),
      'img-src': ['data:'],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
      'require-trusted-types-for': ["'script'"],
      'trusted-types': ["'none'"],
    });
    expect(html).not.toMatch(/\son[a-z]+="|\sstyle="/);
  });

  it('is told again only when it has changed, and is only read', async () => {
    const first = await fetch(`${test.url}/live`);
    await first.arrayBuffer();
    const again = await fetch(`${test.url}/live`, { headers: { 'if-none-match': first.headers.get('etag')! } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const head = await fetch(`${test.url}/live`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(`${test.url}/live`, { method: 'POST', body: '{}' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('is not there where it is switched off', async () => {
    const without = await startTestGateway({ redisUrl: stores.redis.gateway, config: { livePage: false } });
    try {
      expect((await fetch(`${without.url}/live`)).status).toBe(404);
    } finally {
      await without.stop();
    }
  });
});
