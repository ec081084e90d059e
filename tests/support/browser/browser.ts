import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

/** Nothing but the page: no telemetry, no updates, no profile of anybody. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium with an empty profile that is removed when it is closed. */
export async function startBrowser(): Promise<Browser> {
  const { command, env } = await findChromium();
  return await chromium.launch({
    executablePath: command,
    headless: true,
    args: FLAGS,
    env: { ...(process.env as Record<string, string>), ...env },
  });
}
