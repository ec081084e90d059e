import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { httpRates, RatesUnavailableError } from './http-exchange-rates.ts';

const NOW = new Date('2026-03-03T10:00:00.000Z');
const GOOD = { amount: 1, base: 'EUR', date: '2026-03-02', rates: { USD: 1.175, JPY: 184.1, XXX: 1, GBP: 0 } };

/** What the source says next, and how often it was asked. */
let answer: (response: ServerResponse) => void;
let asked = 0;
const server = createServer((_, response) => {
  asked += 1;
  answer(response);
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest`;
});
beforeEach(() => {
  asked = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const says = (body: unknown) => (response: ServerResponse) => void response.end(JSON.stringify(body));
const source = (clock = { now: () => NOW }) => httpRates(url, { clock, timeoutMs: 300 });
const reasonOf = (rates: Promise<unknown>) =>
  rates.then(
    () => 'none',
    (error: unknown) => (error instanceof RatesUnavailableError ? error.reason : String(error)),
  );

describe('C16 rates from an address', () => {
  it('are those of the day it names, of currencies there are, and none that is worth nothing', async () => {
    answer = says(GOOD);
    expect(await source().ratesOf(NOW)).toEqual({
      base: 'EUR',
      rates: [
        { currencyCode: 'USD', rate: '1.175' },
        { currencyCode: 'JPY', rate: '184.1' },
      ],
      asOf: new Date('2026-03-02T00:00:00.000Z'),
    });
    answer = says({
      base: 'USD',
      timestamp: 1_772_532_000,
      rates: { EUR: '0.851063829', BTC: 1e-12, IDR: 1.6e4, KWD: 1e-7 },
    });
    expect(await source().ratesOf(NOW)).toEqual({
      base: 'USD',
      rates: [
        { currencyCode: 'EUR', rate: '0.851063829' },
        { currencyCode: 'IDR', rate: '16000' },
        { currencyCode: 'KWD', rate: '0.000000100' },
      ],
      asOf: new Date('2026-03-03T10:00:00.000Z'),
    });
  });

  it.each<[string, string, (response: ServerResponse) => void]>([
    ['an error', 'status', (response) => void response.writeHead(503).end('{}')],
    ['another address', 'unreachable', (response) => void response.writeHead(302, { location: url }).end()],
    ['no JSON', 'malformed', (response) => void response.end('<html>')],
    ['something else', 'malformed', says({ base: 'EUR', rates: [] })],
    ['a base that is no currency', 'malformed', says({ ...GOOD, base: 'EURO' })],
    ['no day', 'malformed', says({ base: 'EUR', rates: GOOD.rates })],
    ['a day that is none', 'malformed', says({ ...GOOD, date: '2026-13-41' })],
    ['a day to come', 'from the future', says({ ...GOOD, date: '2026-03-04' })],
    ['no rate', 'malformed', says({ ...GOOD, rates: { USD: -1, GBP: 'much' } })],
    ['nothing', 'timeout', () => undefined],
    ['half of it', 'timeout', (response) => void response.write('{"base":')],
    ['a connection that ends', 'unreachable', (response) => void response.destroy()],
    [
      'without an end',
      'too large',
      (response) => {
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      },
    ],
  ])('are refused where it answers %s: %s', async (_, reason, says_) => {
    answer = says_;
    expect(await reasonOf(source().ratesOf(NOW))).toBe(reason);
  });

  it('are asked for once by all who want them, and not again while a failure is fresh', async () => {
    let now = NOW;
    const rates = source({ now: () => now });
    answer = (response) => void response.writeHead(500).end();
    const reasons = await Promise.all(Array.from({ length: 20 }, () => reasonOf(rates.ratesOf(NOW))));
    expect(new Set(reasons)).toEqual(new Set(['status']));
    expect(await reasonOf(rates.ratesOf(NOW))).toBe('status');
    expect(asked).toBe(1);
    answer = says(GOOD);
    now = new Date(now.getTime() + 30_000);
    expect(await rates.ratesOf(NOW)).toMatchObject({ base: 'EUR' });
    expect(asked).toBe(2);
  });
});
