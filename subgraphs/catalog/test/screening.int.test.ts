import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actions, actions, openShop, present, type Seller, type Shop, until, upload } from './shop.ts';

let shop: Shop;
let act: Actions;
let lampSeller: Seller;
let phoneSeller: Seller;
let newcomer: Seller;

interface Case {
  id: string;
  flags: { kind: string; score: number; reason: string }[];
  product: { id: string; title: string } | null;
  vendor: { id: string };
}

async function cases(): Promise<Case[]> {
  const { moderationCases } = await shop.run<{ moderationCases: { edges: { node: Case }[] } }>(
    '{ moderationCases(first: 100) { edges { node { id flags { kind score reason } product { id title } vendor { id } } } } }',
    {},
    shop.operator,
  );
  return moderationCases.edges.map(({ node }) => node);
}
const caseOf = async (title: string) => (await cases()).find(({ product }) => product?.title === title);
/** Everything that was changed so far was looked at. */
const screened = () =>
  until(async () => (await shop.db.collection('products').countDocuments({ toScreen: true })) === 0, {
    what: 'the screening',
    timeoutMs: 20_000,
  });
async function feed(seller: Seller, rows: object[]): Promise<void> {
  const body = rows.map((row) => JSON.stringify(row)).join('\n');
  const uploadId = await upload(shop, seller.viewer, body, 'application/x-ndjson');
  const started = await act.startImport(seller.viewer, { vendorId: seller.vendorId, uploadId, format: 'JSONL' });
  const _id = present(started.import, started.userErrors).id as never;
  const done = await until(async () => {
    const state = await shop.db.collection('imports').findOne({ _id });
    return state?.['finishedAt'] ? state : undefined;
  });
  expect(done).toMatchObject({ status: 'COMPLETED', failed: 0 });
}
const offerOf = async (sku: string) => present(await shop.db.collection('offers').findOne({ sku }));

const FORMS = ['round', 'square', 'tall', 'small', 'slim'];
const METALS = ['steel', 'brass', 'copper', 'iron', 'chrome'];
const lamps = Array.from({ length: 25 }, (_, index) => ({
  sku: `LAMP-${index}`,
  title: `Dimmable reading lamp ${FORMS[index % 5]} ${METALS[Math.floor(index / 5)]} linen shade no ${index}`,
  category: ['Home', 'Lamps'],
  price: 30 + 2 * index,
}));
const phones = Array.from({ length: 25 }, (_, index) => ({
  sku: `PHONE-${index}`,
  title: `Unlocked android smartphone dual camera ${64 + index} gigabytes ${METALS[index % 5]}`,
  category: ['Electronics', 'Phones'],
  price: 200 + 10 * index,
}));

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  [lampSeller, phoneSeller, newcomer] = [await shop.aSeller(), await shop.aSeller(), await shop.aSeller()];
  await feed(lampSeller, lamps);
  await feed(phoneSeller, phones);
  await screened();
});
afterAll(() => shop?.stop());

describe('the screening', () => {
  it('C20 leaves a shop alone in which nothing is wrong', async () => {
    expect(await cases()).toEqual([]);
  });

  it('C20 puts a price, a copied title and a stray before a moderator, with its reasons, and nothing else', async () => {
    const copied = lamps[3]!.title;
    // What is usual in a category is believed for a minute.
    shop.shiftClock(61_000);
    await feed(newcomer, [
      { sku: 'DEAR', title: 'Garden torch of solid teak', category: ['Home', 'Lamps'], price: 4_999 },
      { sku: 'COPY', title: `${copied}!`, category: ['Home', 'Lamps'], price: 35 },
      { sku: 'STRAY', title: 'Unlocked android smartphone dual camera', category: ['Home', 'Lamps'], price: 60 },
      { sku: 'FINE', title: 'Paper lantern with candle', category: ['Home', 'Lamps'], price: 20 },
    ]);
    await screened();
    const found = await cases();
    expect(found.map(({ product, flags }) => [product?.title, flags.map(({ kind }) => kind)]).toSorted()).toEqual([
      [`${copied}!`, ['COPIED_TITLE']],
      ['Garden torch of solid teak', ['PRICE_OUTLIER']],
      ['Unlocked android smartphone dual camera', ['CATEGORY_MISMATCH']],
    ]);
    const reasons = found.flatMap(({ flags }) => flags.map(({ reason }) => reason)).join('\n');
    expect(reasons).toMatch(/4999\.00 EUR is \d+ times as much as the usual price of \d\d\.\d\d EUR in “Lamps”/);
    expect(reasons).toContain(`100 % of the title are those of another vendor’s older product`);
    expect(reasons).toContain('The words of the title are those of “Electronics” rather than of “Home”.');
    expect(found.every(({ vendor }) => vendor.id === newcomer.vendorId)).toBe(true);
    const shown = await shop.db
      .collection('products')
      .countDocuments({ submittedBy: newcomer.vendorId, status: 'PUBLISHED' });
    expect(shown).toBe(4);
  });

  it('C20 closes a case by itself when its reason is mended', async () => {
    const { _id, version } = await offerOf('DEAR');
    await act.price(newcomer.viewer, String(_id), 4_999, version as number);
    await screened();
    expect(await caseOf('Garden torch of solid teak')).toBeUndefined();
    const productId = (await offerOf('DEAR'))['productId'] as string;
    expect(await shop.db.collection('cases').findOne({ subjectId: productId })).toMatchObject({ decision: 'CLEARED' });
  });

  it('C20 flags a price a hundred times what it was, whoever sets it, and not again once a moderator has answered', async () => {
    const raise = async (factor: number) => {
      const { _id, version, price } = await offerOf('PHONE-7');
      const amount = Math.round((price as { amount: number }).amount * factor);
      await act.price(phoneSeller.viewer, String(_id), amount, version as number);
      await screened();
    };
    await raise(100);
    const flagged = present(await caseOf(phones[7]!.title));
    expect(flagged.flags[0]).toMatchObject({ kind: 'PRICE_OUTLIER' });
    expect(flagged.flags[0]!.reason).toContain('the former price of 270.00 EUR');
    await shop.run(
      'mutation ($id: ID!) { moderationCaseDismiss(id: $id) { case { id } } }',
      { id: flagged.id },
      shop.operator,
    );
    // Something else about it changes; what was answered stays answered.
    const productId = (await offerOf('PHONE-7'))['productId'] as string;
    const product = present(await shop.db.collection('products').findOne({ _id: productId as never }));
    await act.update(phoneSeller.viewer, productId, { description: 'As good as gold.' }, product['version'] as number);
    await screened();
    expect(await caseOf(phones[7]!.title)).toBeUndefined();
    await raise(2);
    expect(await caseOf(phones[7]!.title)).toBeDefined();
    await raise(1 / 200);
    expect(await caseOf(phones[7]!.title)).toBeUndefined();
  });

  it('C20 flags a vendor that doubles nearly all of its prices at once', async () => {
    await feed(
      lampSeller,
      lamps.map((row) => ({ ...row, price: row.price * 3 })),
    );
    await screened();
    const found = (await cases()).filter(({ vendor }) => vendor.id === lampSeller.vendorId);
    expect(found.map(({ product, flags }) => [product, flags.map(({ kind }) => kind)])).toEqual([
      [null, ['PRICE_BURST']],
    ]);
    expect(found[0]!.flags[0]!.reason).toMatch(/^25 of 25 prices/);
  });
});
