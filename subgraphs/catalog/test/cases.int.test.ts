import { aUser } from '@marketgraph/platform/testing';
import type { Viewer } from '@marketgraph/platform/graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Actions,
  actions,
  anonymous,
  openShop,
  present,
  publishedProduct,
  type Seller,
  type Shop,
  until,
} from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;
let lampsId: string;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  lampsId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
});
afterAll(() => shop?.stop());

interface Case {
  id: string;
  score: number;
  reportCount: number;
  reportCounts: { reason: string; count: number }[];
  reports: { id: string; reason: string; note: string | null }[];
  isOpen: boolean;
  decision: string | null;
  product: { id: string } | null;
  vendor: { id: string };
}
const CASE =
  'id score reportCount reportCounts { reason count } reports { id reason note } isOpen decision product { id } vendor { id }';
const codes = ({ userErrors }: { userErrors: { code: string }[] }) => userErrors.map(({ code }) => code);
const aProduct = (title = 'A lamp of doubt') => publishedProduct(act, seller, { categoryId: lampsId, title });

async function report(viewer: Viewer, productId: string, reason = 'FAKE', note: string | null = null) {
  const { listingReport } = await shop.run<{
    listingReport: { reportId: string | null; userErrors: { code: string; field: string[] | null }[] };
  }>(
    `mutation ($productId: ID!, $reason: ReportReason!, $note: String) {
       listingReport(productId: $productId, reason: $reason, note: $note) { reportId userErrors { code field } } }`,
    { productId, reason, note },
    viewer,
  );
  return listingReport;
}
async function queue(first = 100, after: string | null = null) {
  const { moderationCases } = await shop.run<{
    moderationCases: { edges: { cursor: string; node: Case }[]; pageInfo: { hasNextPage: boolean } };
  }>(
    `query ($first: Int!, $after: String) { moderationCases(first: $first, after: $after) {
       edges { cursor node { ${CASE} } } pageInfo { hasNextPage } } }`,
    { first, after },
    shop.operator,
  );
  return moderationCases;
}
const caseOf = async (productId: string) =>
  (await queue()).edges.map(({ node }) => node).find(({ product }) => product?.id === productId);
async function dismiss(id: string, viewer = shop.operator) {
  const { moderationCaseDismiss } = await shop.run<{
    moderationCaseDismiss: { case: Case | null; userErrors: { code: string }[] };
  }>(
    `mutation ($id: ID!) { moderationCaseDismiss(id: $id, note: "Looked at.") { case { ${CASE} } userErrors { code } } }`,
    { id },
    viewer,
  );
  return moderationCaseDismiss;
}
const isSeen = async (id: string) =>
  (await shop.run<{ product: object | null }>('query ($id: ID!) { product(id: $id) { id } }', { id })).product !== null;

describe('a listing that somebody reports', () => {
  it('C19 is put before a moderator with what was said, and stays in the shop until one decides', async () => {
    const { id } = await aProduct();
    const first = await report(aUser(), id, 'FAKE', 'It has no bulb.');
    expect(first).toMatchObject({ reportId: expect.stringMatching(/^rep_/) as string, userErrors: [] });
    const alone = present(await caseOf(id)).score;
    await report(aUser(), id, 'COUNTERFEIT');
    expect(await caseOf(id)).toMatchObject({
      reportCount: 2,
      reportCounts: [
        { reason: 'FAKE', count: 1 },
        { reason: 'COUNTERFEIT', count: 1 },
      ],
      reports: [
        { reason: 'COUNTERFEIT', note: null },
        { reason: 'FAKE', note: 'It has no bulb.' },
      ],
      isOpen: true,
      vendor: { id: seller.vendorId },
    });
    expect(present(await caseOf(id)).score).toBeGreaterThan(alone);
    expect(await isSeen(id)).toBe(true);
  });

  it('C19 is hidden by a rejection, which ends its case, tells why to its vendor alone, and is an event', async () => {
    const { id } = await aProduct('A lamp to be rejected');
    await report(aUser(), id);
    await act.moderate({ id, decision: 'REJECT', reason: 'It has no bulb.' });
    expect(await isSeen(id)).toBe(false);
    expect(await caseOf(id)).toBeUndefined();
    const moderationFor = async (viewer: Viewer) =>
      shop.run('query ($id: ID!) { product(id: $id) { moderation { decision reason } } }', { id }, viewer);
    expect(await moderationFor(seller.viewer)).toEqual({
      product: { moderation: { decision: 'REJECT', reason: 'It has no bulb.' } },
    });
    const verdicts = await until(async () => {
      const told = (await shop.published('catalog.productModerated')).filter(({ key }) => key === id);
      return told.length === 2 ? told : undefined;
    });
    expect(verdicts.map(({ payload }) => payload)).toMatchObject([
      { decision: 'APPROVE', reason: null, status: 'PUBLISHED' },
      { decision: 'REJECT', reason: 'It has no bulb.', status: 'REJECTED', vendorId: seller.vendorId },
    ]);
  });

  it('says nothing of an earlier verdict to whoever only buys', async () => {
    const { id } = await aProduct();
    const query = 'query ($id: ID!) { product(id: $id) { moderation { decision } } }';
    expect(await shop.run(query, { id }, aUser())).toEqual({ product: { moderation: null } });
    expect(await shop.run(query, { id }, seller.viewer)).toEqual({ product: { moderation: { decision: 'APPROVE' } } });
  });

  it('C19 has one report of a person until it is decided, also of ten at once', async () => {
    const { id } = await aProduct();
    const buyer = aUser();
    const many = await Promise.all(Array.from({ length: 10 }, () => report(buyer, id)));
    expect(new Set(many.map(({ reportId }) => reportId)).size).toBe(1);
    expect(present(await caseOf(id)).reportCount).toBe(1);
    await dismiss(present(await caseOf(id)).id);
    const again = await report(buyer, id, 'SPAM');
    expect(again.reportId).not.toBe(many[0]!.reportId);
    expect(present(await caseOf(id)).reportCounts).toEqual([{ reason: 'SPAM', count: 1 }]);
  });

  it('has one case, also when twenty people report it at once', async () => {
    const { id } = await aProduct();
    await Promise.all(Array.from({ length: 20 }, () => report(aUser(), id)));
    expect(await shop.db.collection('cases').countDocuments({ subjectId: id })).toBe(1);
    expect(present(await caseOf(id)).reportCount).toBe(20);
  });

  it('C19 is one of at most twenty a day of one person, also when they come at once', async () => {
    const buyer = aUser();
    const products = [];
    for (let index = 0; index < 22; index += 1) products.push(await aProduct(`A lamp of many ${index}`));
    const results = await Promise.all(products.map(({ id }) => report(buyer, id)));
    expect(results.filter(({ reportId }) => reportId !== null)).toHaveLength(20);
    expect(new Set(results.flatMap(codes))).toEqual(new Set(['RATE_LIMITED']));
  });

  it('C19 must be in the shop, be reported by somebody, and in words of a bounded length', async () => {
    const draft = present(
      (
        await act.create(seller.viewer, {
          vendorId: seller.vendorId,
          title: 'A draft',
          categoryId: lampsId,
          variants: [{ title: 'One' }],
        })
      ).product,
    );
    expect(codes(await report(aUser(), draft.id))).toEqual(['NOT_FOUND']);
    expect(codes(await report(aUser(), 'prd_none'))).toEqual(['NOT_FOUND']);
    const { id } = await aProduct();
    expect(await report(aUser(), id, 'FAKE', 'x'.repeat(1_001))).toMatchObject({
      userErrors: [{ code: 'INVALID', field: ['note'] }],
    });
    await expect(report(anonymous, id)).rejects.toThrow('UNAUTHENTICATED');
    expect(await caseOf(id)).toBeUndefined();
  });
});

describe('the queue of cases', () => {
  it('is for moderators', async () => {
    const query = '{ moderationCases { edges { cursor } } }';
    expect((await shop.execute(query, {}, seller.viewer)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect((await shop.execute(query)).errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
    await expect(dismiss('cas_x', seller.viewer)).rejects.toThrow('FORBIDDEN');
    expect(codes(await dismiss('cas_x'))).toEqual(['NOT_FOUND']);
  });

  it('is walked page by page, most doubtful first, each case once', async () => {
    const whole = (await queue()).edges.map(({ node }) => node);
    expect(whole.length).toBeGreaterThan(5);
    expect(whole.map(({ score }) => score)).toEqual(whole.map(({ score }) => score).toSorted((a, b) => b - a));
    const walked: string[] = [];
    for (let after: string | null = null; ;) {
      const { edges, pageInfo } = await queue(3, after);
      walked.push(...edges.map(({ node }) => node.id));
      if (!pageInfo.hasNextPage) break;
      after = edges.at(-1)!.cursor;
    }
    expect(walked).toEqual(whole.map(({ id }) => id));
  });

  it('is read with products and reports in three calls, however long it is', async () => {
    await shop.restart({ withWork: false });
    const calls = async (first: number) => (await shop.storeCalls(() => queue(first))).toSorted();
    expect(await calls(2)).toEqual(['aggregate', 'find', 'find']);
    expect(await calls(100)).toEqual(['aggregate', 'find', 'find']);
  });

  it('lets one of two moderators dismiss, and lets nobody decide twice', async () => {
    const { id } = await aProduct();
    await report(aUser(), id);
    const open = present(await caseOf(id));
    const both = await Promise.all([dismiss(open.id), dismiss(open.id)]);
    expect(both.flatMap(codes)).toEqual(['ILLEGAL_TRANSITION']);
    expect(both.map((payload) => payload.case?.decision ?? null).toSorted()).toEqual(['DISMISSED', null]);
    expect(await isSeen(id)).toBe(true);
  });

  it('loses what its vendor archives', async () => {
    const { id, version } = await aProduct();
    await report(aUser(), id);
    await act.archive(seller.viewer, id, version);
    expect(await caseOf(id)).toBeUndefined();
    expect(await shop.db.collection('cases').findOne({ subjectId: id })).toMatchObject({ decision: 'ARCHIVED' });
  });
});
