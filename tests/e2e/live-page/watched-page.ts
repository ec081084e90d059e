import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface WatchedPage {
  readonly page: Page;
  /** Every address it has asked or opened a socket to. */
  readonly addresses: readonly string[];
  /** What was said to it over its sockets. */
  readonly frames: readonly string[];
  /** What it or its content policy complained of. */
  readonly complaints: readonly string[];
  /** Types the credentials and signs in; resolves when the feeds are live. */
  signIn(credentials: { email: string; password: string }): Promise<void>;
  state(state: 'signed-out' | 'live' | 'reconnecting'): Promise<void>;
  close(): Promise<void>;
}

/** Everything that is waited for is there within this, or the test fails. */
const PATIENCE_MS = 15_000;

/** The shop-floor page in a browser of its own: no cookie, no storage, nothing kept of another test. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: zoneWithNoon(), ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const addresses: string[] = [];
  const frames: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  page.on('websocket', (socket) => {
    addresses.push(socket.url());
    socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A wire that is cut is reported by the browser itself.
    if (message.type() === 'error' && !/ERR_|WebSocket connection/.test(message.text()))
      complaints.push(message.text());
  });
  await page.goto(`${url}/live`);
  const watched: WatchedPage = {
    page,
    addresses,
    frames,
    complaints,
    async signIn({ email, password }) {
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await watched.state('live');
    },
    state: async (state) => void (await page.locator(`#state[data-state="${state}"]`).waitFor()),
    close: () => context.close(),
  };
  return watched;
}

/** Where it is about noon now: no day ends while a test runs. */
function zoneWithNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  // The names of these zones count the other way round.
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}
