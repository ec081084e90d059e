import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { folderStore } from '@marketgraph/platform/files';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharpPictureTools } from '../src/clients/picture-tools.ts';
import { pictureWork } from '../src/commands/shrink-picture.ts';
import { aPicture, aPngThatClaims } from './pictures.ts';
import { type Actions, actions, openShop, present, type Seller, type Shop, upload } from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;
let categoryId: string;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  categoryId = present((await act.category({ slug: 'pictures', name: 'Pictures' })).category).id;
});
afterAll(() => shop?.stop());

interface Shown {
  width: number | null;
  height: number | null;
  original: string;
  small: string;
  large: string;
}
async function shown(picture: Buffer, contentType = 'image/png'): Promise<Shown> {
  const uploadId = await upload(shop, seller.viewer, picture, contentType);
  const created = await act.create(seller.viewer, {
    vendorId: seller.vendorId,
    title: 'A thing with a picture',
    categoryId,
    variants: [{ title: 'One' }],
    mediaUploadIds: [uploadId],
  });
  const { product } = await shop.run<{ product: { media: Shown[] } }>(
    `query ($id: ID!) { product(id: $id) { media {
       width height original: url small: url(width: 300) large: url(width: 1000) } } }`,
    { id: present(created.product, created.userErrors).id },
    seller.viewer,
  );
  return product.media[0]!;
}
async function put(picture: Buffer, contentType: string): Promise<Response> {
  const announcement = { filename: 'picture', contentType, byteSize: picture.length };
  const announced = await act.announce(seller.viewer, announcement);
  return shop.put(present(announced.uploadUrl, announced.userErrors), picture, contentType);
}

const halfOf = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);

describe('a picture of a product', () => {
  it.each(['png', 'jpeg', 'webp', 'avif', 'gif'] as const)(
    'C5 of type %s is served as it came and in the widths of a page, smaller and to be kept',
    async (format) => {
      const picture = await aPicture({ width: 1_200, height: 900, format });
      const media = await shown(picture, `image/${format}`);
      expect([media.width, media.height]).toEqual([1_200, 900]);
      expect(Buffer.from(await (await fetch(media.original)).arrayBuffer())).toEqual(picture);
      expect(new URL(media.small).search).toBe('?w=320');
      const response = await fetch(media.small);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('image/webp');
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      const small = Buffer.from(await response.arrayBuffer());
      expect(await sharp(small).metadata()).toMatchObject({ format: 'webp', width: 320, height: 240 });
      const etag = present(response.headers.get('etag'));
      expect(etag).not.toBe((await fetch(media.original, { method: 'HEAD' })).headers.get('etag'));
      expect((await fetch(media.small, { headers: { 'if-none-match': etag } })).status).toBe(304);
      const head = await fetch(media.small, { method: 'HEAD' });
      expect(head.headers.get('content-length')).toBe(String(small.length));
    },
  );

  it('C5 is not made larger than it is, nor in widths there are not', async () => {
    const media = await shown(await aPicture({ width: 300, height: 200 }));
    expect(media.large).toBe(media.original);
    expect(media.small).toBe(media.original);
    const forced = await fetch(`${media.original}?w=1920`);
    expect((await sharp(Buffer.from(await forced.arrayBuffer())).metadata()).width).toBe(300);
    for (const width of ['321', '0', '-1', '1e3', '999999', 'x', '']) {
      expect((await fetch(`${media.original}?w=${width}`)).status).toBe(400);
    }
    const query =
      'query ($id: ID!) { products(first: 1, filter: { vendorId: $id, status: [DRAFT] }) { edges { node { media { url(width: 0) } } } } }';
    const refused = await shop.execute(query, { id: seller.vendorId }, seller.viewer);
    expect(refused.errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('stands upright, and its variants do not tell where it was taken', async () => {
    const sideways = await sharp(await aPicture({ width: 800, height: 400, format: 'jpeg' }))
      .withExif({ IFD0: { Artist: 'somebody' }, IFD3: { GPSLatitudeRef: 'N' } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const media = await shown(sideways, 'image/jpeg');
    expect([media.width, media.height]).toEqual([400, 800]);
    const small = await sharp(Buffer.from(await (await fetch(media.small)).arrayBuffer())).metadata();
    expect([small.width, small.height, small.exif]).toEqual([320, 640, undefined]);
  });
});

describe('bytes that are no picture to be shown', () => {
  it.each([
    ['claim more pixels than anybody decodes', async () => aPngThatClaims(60_000, 60_000), 'image/png', 422],
    ['end in the middle', async () => halfOf(await aPicture({ width: 400, height: 400 })), 'image/png', 422],
    ['are another type than announced', async () => aPicture({ format: 'jpeg' }), 'image/png', 415],
    [
      'begin like a picture and are a page',
      async () => Buffer.from(`GIF89a<script>alert(1)</script>${' '.repeat(100)}`),
      'image/gif',
      422,
    ],
  ] as const)('C5 are refused when they %s, and nothing is stored', async (_, picture, contentType, status) => {
    const before = await shop.db.collection('uploads').countDocuments({ status: 'STORED' });
    const response = await put(await picture(), contentType);
    expect(response.status).toBe(status);
    expect(await shop.db.collection('uploads').countDocuments({ status: 'STORED' })).toBe(before);
  });
});

describe('the making of variants', () => {
  it('C5 makes each once, however many ask, a few at a time, and turns away a crowd', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pictures-'));
    try {
      const files = folderStore(folder);
      const picture = await aPicture({ width: 400, height: 300 });
      const ids = Array.from({ length: 120 }, (_, index) => `upl_${index}`);
      for (const id of ids) await files.write(`uploads/${id}`, Readable.from([picture]), { maxBytes: 10_000_000 });
      const tools = sharpPictureTools();
      let running = 0;
      let most = 0;
      let made = 0;
      const work = pictureWork(files, {
        ...tools,
        async shrink(bytes, width) {
          running += 1;
          made += 1;
          most = Math.max(most, running);
          return tools.shrink(bytes, width).finally(() => (running -= 1));
        },
      });
      const same = await Promise.all(Array.from({ length: 50 }, () => work.shrink('upl_0', 160)));
      expect([new Set(same.map(({ ok }) => ok)).size, made]).toEqual([1, 1]);
      await work.shrink('upl_0', 160);
      expect(made).toBe(1);
      const crowd = await Promise.all(ids.map((id) => work.shrink(id, 320)));
      expect(most).toBeLessThanOrEqual(2);
      const busy = crowd.filter((result) => !result.ok && result.rejection === 'BUSY');
      expect(busy).toHaveLength(120 - 2 - 64);
      expect(await readdir(join(folder, 'variants'))).toHaveLength(1 + 66);
      expect(await work.shrink('upl_none', 160)).toEqual({ ok: false, rejection: 'GONE' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
