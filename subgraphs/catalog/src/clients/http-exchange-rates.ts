import { type Clock, singleFlight } from '@marketgraph/platform/core';
import { z } from 'zod';
import { isKnownCurrency } from '../domain/currency.ts';
import type { ExchangeRates } from '../domain/exchange.ts';
import type { RateSource } from './exchange-rates.ts';

/** Why there are no rates: the source is away or slow, or what it says cannot be used. */
export class RatesUnavailableError extends Error {
  constructor(
    readonly reason: 'unreachable' | 'timeout' | 'status' | 'too large' | 'malformed' | 'from the future',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RatesUnavailableError';
  }
}

/** All currencies there are, with a word about each. */
const MAX_BYTES = 64 * 1_024;
const MAX_CURRENCIES = 400;
const TIMEOUT_MS = 5_000;
/** A source that has just failed is not asked again at once, whoever wants to know. */
const PAUSE_MS = 30_000;
/** What clocks may differ by. */
const MAX_AHEAD_MS = 60_000;
/** What a rate can be: so many digits before the point and behind it. */
const DIGITS = 9;

/**
 * `{"base": "EUR", "date": "2026-01-02", "rates": {"USD": 1.175}}`, as Frankfurter and others who pass on the rates of the European
 * Central Bank say it; or with `timestamp` in seconds since the epoch, as Open Exchange Rates does. Anything beside is ignored.
 */
const answerShape = z.object({
  base: z.string().refine(isKnownCurrency),
  date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .optional(),
  timestamp: z.number().int().positive().optional(),
  rates: z.record(z.string(), z.union([z.number(), z.string().max(30)])),
});

/** Rates from an HTTP address; one question at a time, and none while a failure is fresh. */
export function httpRates(
  url: string,
  { clock, timeoutMs = TIMEOUT_MS }: { clock: Clock; timeoutMs?: number },
): RateSource {
  const asking = singleFlight<ExchangeRates>();
  let failure: { error: unknown; until: number } | undefined;
  return {
    ratesOf: (now) =>
      asking('rates', async () => {
        if (failure && clock.now().getTime() < failure.until) throw failure.error;
        try {
          const rates = toRates(await readAnswer(url, timeoutMs), now);
          failure = undefined;
          return rates;
        } catch (error) {
          failure = { error, until: clock.now().getTime() + PAUSE_MS };
          throw error;
        }
      }),
  };
}

async function readAnswer(url: string, timeoutMs: number): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  let text: string;
  try {
    // What answers is who was configured, not whom it points to.
    const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (!response.ok) {
      await response.body?.cancel();
      throw new RatesUnavailableError('status', `The source of exchange rates answers ${response.status}.`);
    }
    text = await textOf(response);
  } catch (error) {
    if (error instanceof RatesUnavailableError) throw error;
    const reason = signal.aborted ? 'timeout' : 'unreachable';
    throw new RatesUnavailableError(reason, 'The source of exchange rates does not answer.', { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new RatesUnavailableError('malformed', 'The source of exchange rates answers no JSON.', { cause: error });
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop ends the connection.
    if (size > MAX_BYTES) {
      throw new RatesUnavailableError(
        'too large',
        `The source of exchange rates answers more than ${MAX_BYTES} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toRates(answer: unknown, now: Date): ExchangeRates {
  const read = answerShape.safeParse(answer);
  if (!read.success) {
    const [issue] = read.error.issues;
    const what = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
    throw new RatesUnavailableError('malformed', `The source of exchange rates answers something else (${what}).`);
  }
  const { base, date, timestamp, rates } = read.data;
  const asOf = timestamp === undefined ? new Date(`${date ?? ''}T00:00:00.000Z`) : new Date(timestamp * 1_000);
  if (Number.isNaN(asOf.getTime())) {
    throw new RatesUnavailableError('malformed', 'The source of exchange rates does not say of when they are.');
  }
  if (asOf.getTime() > now.getTime() + MAX_AHEAD_MS) {
    throw new RatesUnavailableError(
      'from the future',
      `The source of exchange rates has those of ${asOf.toISOString()}.`,
    );
  }
  const known = Object.entries(rates)
    .filter(([currencyCode]) => isKnownCurrency(currencyCode) && currencyCode !== base)
    .slice(0, MAX_CURRENCIES)
    .flatMap(([currencyCode, value]) => {
      const rate = decimalOf(value);
      return rate === null ? [] : [{ currencyCode, rate }];
    });
  if (known.length === 0) throw new RatesUnavailableError('malformed', 'The source of exchange rates has none.');
  return { base, rates: known, asOf };
}

/** Null for what is no price of anything. */
function decimalOf(value: number | string): string | null {
  const number = Number(value);
  if (!(number > 0 && number < 10 ** DIGITS)) return null;
  const text = typeof value === 'string' ? value.trim() : String(value);
  const plain = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? text : number.toFixed(DIGITS);
  return Number(plain) > 0 ? plain : null;
}
