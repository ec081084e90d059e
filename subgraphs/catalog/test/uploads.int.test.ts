import { aUser } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPicture } from './pictures.ts';
import { type Actions, actions, openShop, present, type Seller, type Shop, upload } from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;
let categoryId: string;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  categoryId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
});
afterAll(() => shop?.stop());

const png = await aPicture();
const codes = (result: { userErrors: { code: string }[] }) => result.userErrors.map(({ code }) => code);
const announce = async (bytes: number, contentType = 'image/png') => {
  const announced = await act.announce(seller.viewer, { filename: 'lamp.png', contentType, byteSize: bytes });
  return { id: present(announced.uploadId, announced.userErrors), url: present(announced.uploadUrl) };
};
const mediaOf = async (id: string, viewer = seller.viewer) =>
  (
    await shop.run<{ product: { media: { url: string; kind: string }[] } }>(
      'query ($id: ID!) { product(id: $id) { media { url kind } } }',
      { id },
      viewer,
    )
  ).product.media;

describe('an image', () => {
  it('is put where the answer says, shown with a product, and served to be kept', async () => {
    const uploadId = await upload(shop, seller.viewer, png, 'image/png');
    const { product } = await act.create(seller.viewer, {
      vendorId: seller.vendorId,
      title: 'Lamp',
      categoryId,
      variants: [{ title: 'One' }],
      mediaUploadIds: [uploadId],
    });
    const [media] = await mediaOf(present(product).id);
    expect(media?.kind).toBe('IMAGE');
    const response = await fetch(media!.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(png);
    const etag = present(response.headers.get('etag'));
    expect((await fetch(media!.url, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const head = await fetch(media!.url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(png.length)]);
  });

  it('is nobody’s business before a product shows it', async () => {
    const uploadId = await upload(shop, seller.viewer, png, 'image/png');
    const origin = new URL((await announce(1)).url).origin;
    expect((await fetch(`${origin}/media/${uploadId}`)).status).toBe(404);
    expect((await fetch(`${origin}/media/..%2f..%2fetc%2fpasswd`)).status).toBe(404);
  });

  it('stays with the product when another of the vendor’s people edits it, and goes when it is not named', async () => {
    const uploadId = await upload(shop, seller.viewer, png, 'image/png');
    const input = {
      vendorId: seller.vendorId,
      title: 'Lamp',
      categoryId,
      variants: [{ title: 'One' }],
      mediaUploadIds: [uploadId],
    };
    const { id } = present((await act.create(seller.viewer, input)).product);
    const colleague = aUser({ memberships: [{ of: seller.vendorId, role: 'VENDOR_STAFF' }] });
    expect(codes(await act.update(colleague, id, { mediaUploadIds: [uploadId] }, 1))).toEqual([]);
    expect(await mediaOf(id)).toHaveLength(1);
    expect(codes(await act.update(colleague, id, { mediaUploadIds: [] }, 2))).toEqual([]);
    expect(await mediaOf(id)).toHaveLength(0);
    expect(codes(await act.update(colleague, id, { mediaUploadIds: [uploadId] }, 3))).toEqual(['NOT_FOUND']);
  });

  it('cannot be used by who did not bring it, nor before its bytes are there', async () => {
    const uploadId = await upload(shop, aUser(), png, 'image/png');
    const input = { vendorId: seller.vendorId, title: 'Lamp', categoryId, variants: [{ title: 'One' }] };
    expect(codes(await act.create(seller.viewer, { ...input, mediaUploadIds: [uploadId] }))).toEqual(['NOT_FOUND']);
    const { id } = await announce(10);
    expect(codes(await act.create(seller.viewer, { ...input, mediaUploadIds: [id] }))).toEqual(['INVALID']);
  });
});

describe('bytes', () => {
  const put = (url: string, body: Buffer | string, contentType = 'image/png') => shop.put(url, body, contentType);

  it.each([
    ['are more than announced', 50, png, 'image/png', 413],
    ['are fewer than announced', png.length + 100, png, 'image/png', 422],
    ['are of another type than announced', png.length, png, 'image/jpeg', 415],
    ['only pretend to be of the type', 60, Buffer.from('<svg onload="alert(1)">'.padEnd(60)), 'image/png', 415],
    ['are nothing but a short lie', 5, Buffer.from('short'), 'image/png', 415],
  ])('are refused when they %s, and can be brought again', async (_, announced, body, contentType, status) => {
    const { id, url } = await announce(announced);
    expect((await put(url, body, contentType)).status).toBe(status);
    const stored = await shop.db.collection('uploads').findOne({ _id: id as never });
    expect(stored?.['status']).toBe('PENDING');
  });

  it('are taken once, also when they come five times at once', async () => {
    const { url } = await announce(png.length);
    const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await put(url, png)).status));
    expect(statuses.toSorted()).toEqual([201, 409, 409, 409, 409]);
    expect((await put(url, png)).status).toBe(409);
  });

  it('need the very address that was given out', async () => {
    const { id, url } = await announce(png.length);
    const other = await announce(png.length);
    const signature = new URL(other.url).search;
    const origin = new URL(url).origin;
    expect((await put(`${origin}/uploads/${id}`, png)).status).toBe(403);
    expect((await put(`${origin}/uploads/${id}${signature}`, png)).status).toBe(403);
    expect((await put(url.replace(/expires=\d+/, 'expires=99999999999'), png)).status).toBe(403);
    expect((await put(url, png)).status).toBe(201);
  });

  it('are not unpacked', async () => {
    const { url } = await announce(png.length);
    const response = await fetch(url, {
      method: 'PUT',
      body: png as never,
      headers: { 'content-type': 'image/png', 'content-encoding': 'gzip' },
    });
    expect(response.status).toBe(415);
  });
});

describe('an announcement', () => {
  it.each([
    ['a type that runs in a browser', { contentType: 'image/svg+xml' }, 'contentType'],
    ['a type nobody knows', { contentType: 'constructor' }, 'contentType'],
    ['nothing', { byteSize: 0 }, 'byteSize'],
    ['too much', { byteSize: 10 * 1024 * 1024 + 1 }, 'byteSize'],
    ['no name', { filename: '' }, 'filename'],
  ])('of %s is refused', async (_, input, field) => {
    const result = await act.announce(seller.viewer, {
      filename: 'a.png',
      contentType: 'image/png',
      byteSize: 10,
      ...input,
    });
    expect(result.uploadUrl).toBeNull();
    expect(result.userErrors.map((error) => error.field)).toEqual([[field]]);
  });

  it('of a feed is for vendors, of papers for everybody who is signed in', async () => {
    const feed = { filename: 'a.csv', contentType: 'text/csv', byteSize: 10 };
    expect(codes(await act.announce(aUser(), feed))).toEqual(['FORBIDDEN']);
    expect(codes(await act.announce(seller.viewer, feed))).toEqual([]);
    const papers = { filename: 'passport.pdf', contentType: 'application/pdf', byteSize: 10 };
    expect(codes(await act.announce(aUser(), papers))).toEqual([]);
    const mutation = 'mutation ($input: MediaUploadInput!) { mediaUploadCreate(input: $input) { uploadId } }';
    expect((await shop.execute(mutation, { input: papers })).errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
  });

  it('is refused when too many are waiting', async () => {
    const viewer = aUser();
    const announcement = { filename: 'a.png', contentType: 'image/png', byteSize: 10 };
    for (let count = 0; count < 200; count += 1) await act.announce(viewer, announcement);
    expect(codes(await act.announce(viewer, announcement))).toEqual(['LIMIT_EXCEEDED']);
  });
});
