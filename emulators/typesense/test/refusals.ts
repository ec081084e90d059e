import { beforeAll, describe, expect, test } from 'vitest';
import { SHOP, shopSchema } from './shop.ts';
import type { Target } from './target.ts';

/** What the real server does, and the emulator says it does not. */
export function describeRefusals(target: Target): void {
  describe('the emulator refuses', () => {
    let shop = '';

    beforeAll(async () => {
      shop = target.name('refusals');
      await target.client.collections().create(shopSchema(shop));
      await target.client
        .collections(shop)
        .documents()
        .import([...SHOP]);
    });

    const call = async (
      path: string,
      init: RequestInit = {},
    ): Promise<{ status: number; body: { message?: string } }> => {
      const response = await fetch(`${target.url}${path}`, {
        ...init,
        headers: { 'x-typesense-api-key': target.apiKey, ...init.headers },
      });
      return { status: response.status, body: (await response.json()) as { message?: string } };
    };

    test.each([
      ['vector_query', 'vec'],
      ['rerank_hybrid_matches', 'true'],
      ['preset', 'listing'],
      ['stopwords', 'common'],
      ['pinned_hits', '1:1'],
      ['conversation', 'true'],
      ['nl_query', 'true'],
      ['infix', 'always'],
      ['text_match_type', 'sum_score'],
      ['prioritize_token_position', 'true'],
      ['validate_field_names', 'false'],
      ['sorty_by', 'price:asc'],
      ['page', '0'],
      ['page', '-1'],
      ['page', 'two'],
      ['per_page', '1.5'],
      ['num_typos', '3'],
      ['prefix', 'maybe'],
      ['query_by_weights', '1'],
      ['query_by_weights', '1,200'],
      ['drop_tokens_mode', 'sideways'],
      ['max_candidates', '0'],
      ['sort_by', '_rand()'],
      ['sort_by', '_rand():asc'],
      ['sort_by', '_group_found:desc'],
      ['sort_by', 'price(pivot: 3):asc'],
      ['sort_by', 'price:asc,stock:asc,sales:asc,rating:asc'],
      ['facet_by', 'cat*'],
      ['facet_by', 'brand(sort_by: price:asc)'],
      ['facet_by', 'brand(low:[0, 1])'],
      ['facet_query', 'categories:x'],
      ['filter_by', '$orders(id:1)'],
      ['filter_by', 'parts.{name:x}'],
      ['include_fields', '$orders(*)'],
    ])('the search parameter %s=%s', async (name, value) => {
      const query = new URLSearchParams({ q: 'shoe', query_by: 'title,brand', [name]: value });
      const { status, body } = await call(`/collections/${shop}/documents/search?${query}`);
      expect([400, 404, 422]).toContain(status);
      expect(body.message).toMatch(/\w/);
    });

    test('a parameter given twice, a query that is too long, a missing query', async () => {
      expect((await call(`/collections/${shop}/documents/search?q=a&q=b&query_by=title`)).status).toBe(400);
      expect((await call(`/collections/${shop}/documents/search?q=${'a'.repeat(4_001)}&query_by=title`)).status).toBe(
        400,
      );
      expect((await call(`/collections/${shop}/documents/search?query_by=title`)).status).toBe(400);
    });

    test.each([
      ['object', { type: 'object' }],
      ['auto', { type: 'auto' }],
      ['geopoint[]', { type: 'geopoint[]' }],
      ['vectors by inner product', { type: 'float[]', num_dim: 4, vec_dist: 'ip' }],
      ['a vector as a facet', { type: 'float[]', num_dim: 4, facet: true }],
      ['embeddings', { type: 'float[]', embed: { from: ['title'] } }],
      ['references', { type: 'string', reference: 'other.id' }],
      ['infix', { type: 'string', infix: true }],
      ['stemming', { type: 'string', stem: true }],
      ['a locale', { type: 'string', locale: 'ja' }],
      ['not storing', { type: 'string', store: false }],
      ['patterns', { name: 'attr_.*', type: 'string' }],
      ['nested names', { name: 'a.b', type: 'string' }],
      ['sorting by an array', { type: 'string[]', sort: true }],
      ['a facet without index', { type: 'string', index: false, facet: true }],
      ['an unknown attribute', { type: 'string', colour: 'red' }],
    ])('fields with %s', async (_, attributes) => {
      const schema = { name: target.name('refused'), fields: [{ name: 'field', ...attributes }] };
      const { status, body } = await call('/collections', { method: 'POST', body: JSON.stringify(schema) });
      expect(status).toBe(400);
      expect(body.message).toMatch(/\w/);
    });

    test.each([
      ['nested fields', { enable_nested_fields: true }],
      ['curation sets', { curation_sets: ['x'] }],
      ['a voice model', { voice_query_model: { model_name: 'x' } }],
      ['separators of several letters', { token_separators: ['ab'] }],
      ['letters as symbols', { symbols_to_index: ['a'] }],
    ])('collections with %s', async (_, attributes) => {
      const schema = { ...shopSchema(target.name('refused')), ...attributes };
      expect((await call('/collections', { method: 'POST', body: JSON.stringify(schema) })).status).toBe(400);
    });

    test.each([
      ['GET', '/keys'],
      ['GET', '/analytics/rules'],
      ['PUT', '/presets/x'],
      ['POST', '/operations/snapshot'],
      ['GET', '/collections/x/synonyms'],
      ['GET', '/collections/x/overrides'],
      ['GET', '/nowhere'],
    ])('%s %s, which it does not have', async (method, path) => {
      const { status } = await call(path, { method, ...(method === 'GET' ? {} : { body: '{}' }) });
      expect([400, 404]).toContain(status);
    });

    test('parameters of writes it does not know', async () => {
      const body = JSON.stringify({ ...SHOP[0], id: 'new' });
      expect((await call(`/collections/${shop}/documents?acton=upsert`, { method: 'POST', body })).status).toBe(400);
      expect((await call(`/collections/${shop}/documents?action=replace`, { method: 'POST', body })).status).toBe(400);
      expect((await call(`/collections/${shop}/documents`, { method: 'DELETE' })).status).toBe(400);
      expect((await call(`/collections/${shop}/documents/new`)).status).toBe(404);
    });

    test('an integer that JSON cannot carry exactly', async () => {
      const body = `{"id":"big","title":"x","brand":"x","categories":[],"price":1,"stock":1,"sizes":[],"inStock":true,"sales":9007199254740993}`;
      expect((await call(`/collections/${shop}/documents`, { method: 'POST', body })).status).toBe(400);
    });

    test('bodies that are no JSON or too large', async () => {
      expect((await call('/collections', { method: 'POST', body: '{' })).status).toBe(400);
      expect((await call('/multi_search', { method: 'POST', body: '[]' })).status).toBe(400);
      const searches = Array.from({ length: 51 }, () => ({ collection: shop, q: '*' }));
      expect((await call('/multi_search', { method: 'POST', body: JSON.stringify({ searches }) })).status).toBe(400);
      const large = JSON.stringify({ q: 'x'.repeat(5 * 1024 * 1024) });
      expect((await call('/multi_search', { method: 'POST', body: large })).status).toBe(413);
    });

    test('nothing of this silently: health and version say what it is', async () => {
      expect(await target.client.health.retrieve()).toEqual({ ok: true, emulator: true });
      expect(await target.client.debug.retrieve()).toMatchObject({
        version: expect.stringContaining('emulator') as string,
      });
    });
  });
}
