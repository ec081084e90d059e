import { z } from 'zod';

import type { StripeEmulatorOptions } from './emulator.ts';

const duration = z.coerce.number().int().min(0).optional();

const environment = z
  .object({
    STRIPE_EMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(12_111),
    STRIPE_EMULATOR_HOST: z.string().min(1).default('127.0.0.1'),
    STRIPE_EMULATOR_DATA: z.string().min(1).default(':memory:'),
    /** One key or several, separated by commas. Any test key when left out. */
    STRIPE_EMULATOR_SECRET_KEY: z.string().min(1).optional(),
    STRIPE_WEBHOOK_URL: z.url().optional(),
    STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
    STRIPE_EMULATOR_PAYOUT_DELAY_MS: duration,
    STRIPE_EMULATOR_SETTLEMENT_DELAY_MS: duration,
    STRIPE_EMULATOR_SEARCH_LAG_MS: duration,
  })
  .refine((env) => env.STRIPE_WEBHOOK_URL === undefined || env.STRIPE_WEBHOOK_SECRET !== undefined, {
    error: 'STRIPE_WEBHOOK_URL needs STRIPE_WEBHOOK_SECRET: webhooks are never sent unsigned.',
  });

/** Environment → options. Nothing else reads the environment. */
export function readConfig(env: NodeJS.ProcessEnv): StripeEmulatorOptions {
  const result = environment.safeParse(env);
  if (!result.success) throw new Error(`The environment is not usable:\n${z.prettifyError(result.error)}`);
  const { data } = result;
  const settings = Object.fromEntries(
    Object.entries({
      payoutDelayMs: data.STRIPE_EMULATOR_PAYOUT_DELAY_MS,
      settlementDelayMs: data.STRIPE_EMULATOR_SETTLEMENT_DELAY_MS,
      searchLagMs: data.STRIPE_EMULATOR_SEARCH_LAG_MS,
    }).filter(([, value]) => value !== undefined),
  );
  return {
    dataFile: data.STRIPE_EMULATOR_DATA,
    host: data.STRIPE_EMULATOR_HOST,
    port: data.STRIPE_EMULATOR_PORT,
    secretKeys: data.STRIPE_EMULATOR_SECRET_KEY?.split(',').map((key) => key.trim()) ?? [],
    settings,
    ...(data.STRIPE_WEBHOOK_URL !== undefined &&
      data.STRIPE_WEBHOOK_SECRET !== undefined && {
        webhook: { url: data.STRIPE_WEBHOOK_URL, secret: data.STRIPE_WEBHOOK_SECRET },
      }),
  };
}
