import * as operations from '@marketgraph/schema/generated/operations';
import axe from 'axe-core';
import { Redis } from 'ioredis';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { silentReport as report } from '../../story/report.ts';
import { startBrowser } from '../../support/browser/browser.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { buy, type Listing, listProduct } from '../../support/shop.ts';
import { proxyOf, type TcpProxy } from '../../support/tcp-proxy.ts';
import { openPage, type WatchedPage } from './watched-page.ts';

const PHONE = { width: 360, height: 740 };
/** What a vendor may call a product: markup, and a word that is wider than a phone. */
const HOSTILE = `<img src=x onerror="window.isHacked=true">${'W'.repeat(60)}`;

let marketplace: TestMarketplace;
/** Between the browser and the gateway. */
let wire: TcpProxy;
let address: string;
let browser: Browser;
let vendor: Vendor;
let buyer: Person;
let lamp: Listing;
let hostile: Listing;
const opened: WatchedPage[] = [];

beforeAll(async () => {
  // One vendor signs in with every test, and more often than anybody would.
  const settings = { GATEWAY_LOGIN_PER_ACCOUNT: '100' };
  [browser, marketplace] = await Promise.all([startBrowser(), startTestMarketplace({ shape: 'monolith', settings })]);
  wire = await proxyOf(marketplace.url);
  address = new URL(wire.through(marketplace.url)).origin;
  const run = aRun();
  const operator = await signIn(marketplace.graph, 'Operator', marketplace.graph.operator);
  vendor = await registerVendor(marketplace.graph, { name: 'Harbour Lights', run, operator, report });
  lamp = await listProduct(vendor, operator, { title: 'Brass lamp', sku: 'LAMP', units: 40 });
  hostile = await listProduct(vendor, operator, { title: HOSTILE, sku: 'HOSTILE', units: 40 });
  buyer = await registerBuyer(marketplace.graph, 'Buyer', run);
});
afterEach(async () => {
  wire?.resume();
  await Promise.all(opened.splice(0).map((page) => page.close()));
});
afterAll(async () => {
  await browser?.close();
  await wire?.stop();
  await vendor?.person.leave();
  await marketplace?.stop();
});

async function open(options: Parameters<typeof openPage>[2] = {}): Promise<WatchedPage> {
  const page = await openPage(browser, address, options);
  opened.push(page);
  return page;
}

/** A paid order of these units: its vendor's part of it, and when it was confirmed. */
async function sell(listing: Listing, quantity = 1): Promise<{ id: string; confirmedAt: number }> {
  const { orderId } = await buy(marketplace.graph, buyer, [{ offerId: listing.offerId, quantity }]);
  const { order } = await buyer.ask(operations.OrderDetailsDocument, { id: orderId });
  const steps = (order!.events.edges ?? []).map(({ node }) => node);
  const confirmed = steps.find(({ type, to }) => type === 'ORDER_STATUS' && to === 'CONFIRMED');
  return { id: order!.vendorOrders[0]!.id, confirmedAt: Date.parse(confirmed!.at) };
}

const placeOrder = async (listing: Listing, quantity = 1) => (await sell(listing, quantity)).id;

const orderRow = ({ page }: WatchedPage, id: string) => page.locator(`#orders li[data-id="${id}"]`);
const stockRow = ({ page }: WatchedPage, { offerId }: Listing) => page.locator(`#stock li[data-id="${offerId}"]`);
const orderIds = ({ page }: WatchedPage) =>
  page.locator('#orders li').evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['id']));

async function adjust(listing: Listing, delta: number): Promise<void> {
  const { inventoryAdjust } = await vendor.person.ask(operations.InventoryAdjustDocument, {
    input: { offerId: listing.offerId, warehouseId: vendor.warehouses[0]!, delta, reason: 'ADJUSTMENT' },
    idempotencyKey: newKey(),
  });
  expect(inventoryAdjust.userErrors).toEqual([]);
}

/** All that was ever sold: the marketplace is younger than the day. */
async function salesToday() {
  const { vendor: found } = await vendor.person.ask(operations.VendorSalesDocument, { vendorId: vendor.id, range: {} });
  return found!.salesSummary!;
}

describe('the shop-floor page', () => {
  it('shows an order within a moment of its sale, with the stock it takes and the sales of the day', async () => {
    const watched = await open();
    await watched.signIn(vendor.credentials);
    await stockRow(watched, lamp).getByText('40 left').waitFor();
    const { page } = watched;

    const seen = page.evaluate(
      () =>
        new Promise<number>((done) => {
          const list = document.querySelector('#orders')!;
          new MutationObserver(() => list.childElementCount > 0 && done(Date.now())).observe(list, { childList: true });
        }),
    );
    const { id, confirmedAt } = await sell(lamp, 2);
    await orderRow(watched, id).waitFor();
    // Printed, not asserted: how fast depends on what else the machine does.
    process.stdout.write(`An order was on the page ${(await seen) - confirmedAt} ms after it was confirmed.\n`);

    expect(await orderRow(watched, id).textContent()).toMatch(/Order M-.*€59\.50.*2 × Brass lamp.*Pending/);
    await stockRow(watched, lamp).getByText('38 left').waitFor();
    await page
      .locator('#announcements')
      .getByText(/New order M-\S+: 2 units, €59\.50\./)
      .waitFor({ state: 'attached' });
    const { orderCount, unitsSold } = await salesToday();
    await page.locator('#sales-orders').getByText(String(orderCount), { exact: true }).waitFor();
    expect(await page.locator('#sales-units').textContent()).toBe(String(unitsSold));
    expect(await page.locator('#sales-total').textContent()).toBe('€59.50');
    expect(await page.locator('#chart svg').getAttribute('aria-label')).toMatch(
      /h €59\.50 from 1 order\. In all €59\.50/,
    );
    expect(watched.complaints).toEqual([]);
  });

  it('shows stock as it moves, marks what is low and what is out, and counts them', async () => {
    const watched = await open();
    await watched.signIn(vendor.credentials);
    const row = stockRow(watched, lamp);
    await row.getByText('38 left').waitFor();
    await adjust(lamp, -36);
    // A list that was asked for at this very moment knows the number before the event tells what it was.
    await row.filter({ hasText: /2 left.*last change −36.*Low/ }).waitFor();
    await adjust(lamp, -2);
    await row.getByText('Out of stock').waitFor();
    expect(await watched.page.locator('#stock-low').textContent()).toBe('1');
    // What needs attention stands first.
    expect(await watched.page.locator('#stock li').first().getAttribute('data-id')).toBe(lamp.offerId);
    await adjust(lamp, 40);
    await row.getByText('In stock').waitFor();
    expect(await watched.page.locator('#stock-low').textContent()).toBe('0');
  });

  it('misses nothing and repeats nothing when its socket is cut while two orders are placed', async () => {
    const watched = await open();
    await watched.signIn(vendor.credentials);
    await watched.page.locator('#orders li').first().waitFor();
    const before = await orderIds(watched);
    const feeds: { query: string; variables: { after: string | null } }[] = [];
    watched.page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        const frame = JSON.parse(String(payload)) as { type: string; payload: (typeof feeds)[number] };
        if (frame.type === 'subscribe') feeds.push(frame.payload);
      }),
    );
    wire.refuse();
    await watched.state('reconnecting');
    const placed = [await placeOrder(lamp), await placeOrder(lamp, 3)];
    expect(await orderIds(watched)).toEqual(before);
    wire.resume();
    await watched.state('live');
    for (const id of placed) await orderRow(watched, id).waitFor();
    expect(await orderIds(watched)).toEqual([...placed.toReversed(), ...before]);
    await stockRow(watched, lamp).getByText('36 left').waitFor();
    const { orderCount } = await salesToday();
    await watched.page.locator('#sales-orders').getByText(String(orderCount), { exact: true }).waitFor();
    // Told to those who do not see the list, too.
    expect(await watched.page.locator('#announcements').textContent()).toMatch(/2 new orders\.|New order/);
    // It resumed behind its cursor: what came meanwhile was told as events, not begun anew with a snapshot.
    const orders = feeds.filter(({ query }) => query.includes('vendorOrderFeed'));
    expect(orders.map(({ variables }) => variables.after)).toEqual(orders.map(() => expect.any(String) as string));
    expect(orders.length).toBeGreaterThan(0);
  });

  it('is safe from what products are called', async () => {
    const watched = await open();
    await watched.signIn(vendor.credentials);
    const id = await placeOrder(hostile);
    await orderRow(watched, id).getByText(HOSTILE).waitFor();
    await stockRow(watched, hostile).getByText(HOSTILE).waitFor();
    expect(await watched.page.locator('main img, main script, main iframe').count()).toBe(0);
    expect(await watched.page.evaluate(() => 'isHacked' in window)).toBe(false);
    // And what would read it as markup does not work at all.
    const refused = await watched.page.evaluate((html) => {
      try {
        document.createElement('div').innerHTML = html;
        return 'read';
      } catch (error) {
        return (error as Error).name;
      }
    }, HOSTILE);
    expect(refused).toBe('TypeError');
  });

  it('asks nobody but the marketplace, and keeps nothing in the browser', async () => {
    const watched = await open();
    await watched.signIn(vendor.credentials);
    await watched.page.locator('#chart svg').waitFor();
    const hosts = new Set(watched.addresses.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host));
    expect([...hosts]).toEqual([new URL(address).host]);
    expect(watched.addresses.some((url) => url.startsWith('ws:'))).toBe(true);
    const kept = await watched.page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
    expect(kept).toEqual([0, 0, '']);
    const { headers } = await fetch(`${address}/live`);
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('can be used with a keyboard alone, and says what is wrong on the way', async () => {
    const watched = await open();
    const { page } = watched;
    const focused = () =>
      page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim());
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('email');
    expect(await outlineOf(watched)).toBe('solid');
    await page.keyboard.type(vendor.credentials.email);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Enter your password.').waitFor();
    expect(await focused()).toBe('password');
    await page.keyboard.type('not the password');
    await page.keyboard.press('Enter');
    await page.locator('#sign-in-problem:not(:empty)').waitFor();
    expect(await focused()).toBe('password');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(vendor.credentials.password);
    await page.keyboard.press('Enter');
    await watched.state('live');
    expect(await focused()).toBe('floor-title');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('As a table');
    await page.locator('#chart svg').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('table', { name: 'Sales today, every two hours' }).waitFor();
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('sign-out');
    await page.keyboard.press('Enter');
    await watched.state('signed-out');
    expect(await focused()).toBe('email');
  });

  it.each([
    ['in light', { colorScheme: 'light' }],
    ['in dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: PHONE, hasTouch: true }],
  ] as const)('has nothing that axe finds fault with, and no sideways scrolling %s', async (_, options) => {
    const watched = await open({ ...options, reducedMotion: 'reduce' });
    expect(await faultsOf(watched)).toEqual([]);
    expect(await overflowOf(watched)).toBe(0);
    await watched.signIn(vendor.credentials);
    await watched.page.locator('#orders li').first().waitFor();
    await stockRow(watched, hostile).waitFor();
    await watched.page.locator('#chart svg').waitFor();
    await watched.page.getByText('As a table').click();
    expect(await faultsOf(watched)).toEqual([]);
    expect(await overflowOf(watched)).toBe(0);
  });

  it('turns away an account without a shop', async () => {
    const watched = await open();
    await watched.page.getByLabel('E-mail').fill(marketplace.graph.operator.email);
    await watched.page.getByLabel('Password').fill(marketplace.graph.operator.password);
    await watched.page.getByRole('button', { name: 'Sign in' }).click();
    await watched.page.getByRole('alert').getByText('This account runs no shop.').waitFor();
    expect(await watched.page.locator('#floor').isVisible()).toBe(false);
  });

  it('asks to sign in again when its session was ended elsewhere', async () => {
    const watched = await open();
    const answered = watched.page.waitForResponse(async (response) => (await response.text()).includes('accessToken'));
    await watched.signIn(vendor.credentials);
    const { data } = (await (await answered).json()) as { data: { login: { session: { accessToken: string } } } };
    await ask(marketplace.url, 'mutation { logout { success } }', { token: data.login.session.accessToken });
    await watched.page.getByRole('alert').getByText('Your session has ended. Sign in again.').waitFor();
    await watched.state('signed-out');
    expect(await watched.page.locator('#floor').isVisible()).toBe(false);
    await watched.signIn(vendor.credentials);
  });

  it('begins anew when what it missed is no longer kept', async () => {
    const watched = await open();
    await watched.signIn(vendor.credentials);
    await orderRow(watched, await placeOrder(lamp)).waitFor();
    wire.refuse();
    await watched.state('reconnecting');
    const missed = await placeOrder(lamp);
    const redis = new Redis(marketplace.stores.redis.admin);
    try {
      expect(await redis.xdel('events:orders', lastOrderPosition(watched))).toBe(1);
    } finally {
      redis.disconnect();
    }
    wire.resume();
    await watched.state('live');
    await orderRow(watched, missed).waitFor();
    expect(watched.frames.some((frame) => frame.includes('CURSOR_EXPIRED'))).toBe(true);
    const next = await placeOrder(lamp);
    await orderRow(watched, next).waitFor();
    const ids = await orderIds(watched);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

/** Where the feed of orders stands: the beginning of a cursor is a position in the stream. */
function lastOrderPosition({ frames }: WatchedPage): string {
  const cursor = frames.map((frame) => /"vendorOrderFeed":\{"cursor":"([^."]+)\./.exec(frame)?.[1]).findLast(Boolean);
  return Buffer.from(cursor!, 'base64url').toString();
}

function outlineOf({ page }: WatchedPage): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
}

function overflowOf({ page }: WatchedPage): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

async function faultsOf({ page }: WatchedPage): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}
