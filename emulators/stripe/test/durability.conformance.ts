import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startStripeEmulator } from '../src/emulator.ts';
import { eventually } from './support/eventually.ts';
import type { Endpoint } from './support/endpoint.ts';
import { startEndpoint } from './support/endpoint.ts';
import { paid, sdkFor } from './support/subject.ts';

const SOURCES = join(import.meta.dirname, '..', '..', '..', 'platform', 'src', 'testing', 'sources.js');
const entry = fileURLToPath(new URL('../src/main.ts', import.meta.url));

interface Running {
  child: ChildProcess;
  stripe: Stripe;
}

describe('A process of its own', () => {
  let folder: string;
  let endpoint: Endpoint;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'payment-emulator-'));
    endpoint = await startEndpoint();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => kill(child)));
    await endpoint.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (env: Record<string, string> = {}): Promise<Running> => {
    const child = spawn(process.execPath, ['--conditions=source', '--import', SOURCES, entry], {
      env: {
        PATH: process.env['PATH'] ?? '',
        STRIPE_EMULATOR_PORT: '0',
        STRIPE_EMULATOR_DATA: join(folder, 'payments.sqlite'),
        STRIPE_EMULATOR_SECRET_KEY: 'sk_test_durable',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const { hostname, port } = new URL((JSON.parse(line) as { url: string }).url);
    return { child, stripe: sdkFor({ host: hostname, port: Number(port) }, 'sk_test_durable') };
  };
  const withWebhook = () => ({ STRIPE_WEBHOOK_URL: endpoint.url, STRIPE_WEBHOOK_SECRET: endpoint.secret });

  it('forgets nothing it has answered when it is killed in the middle of its work', async () => {
    const first = await start();
    const answered: string[] = [];
    const asked = new Set<string>();
    const working = Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        for (let n = 0; n < 1_000; n += 1) {
          const idempotencyKey = `${worker}-${n}`;
          asked.add(idempotencyKey);
          const intent = await first.stripe.paymentIntents
            .create(paid({ metadata: { key: idempotencyKey } }), { idempotencyKey })
            .catch(() => undefined);
          if (!intent) return;
          answered.push(intent.id);
        }
      }),
    );
    await eventually(() => expect(answered.length).toBeGreaterThan(40));
    await kill(first.child);
    await working;

    const second = await start();
    for (const id of answered) {
      expect(await second.stripe.paymentIntents.retrieve(id)).toMatchObject({
        status: 'succeeded',
        amount_received: 2_000,
      });
    }
    // What was asked and not answered is asked again with its key: still one charge for each.
    for (const idempotencyKey of asked) {
      await second.stripe.paymentIntents.create(paid({ metadata: { key: idempotencyKey } }), { idempotencyKey });
    }
    const all = await second.stripe.charges.list({ limit: 100 }).autoPagingToArray({ limit: 10_000 });
    expect(all).toHaveLength(asked.size);
    expect(new Set(all.map(({ metadata }) => metadata['key'])).size).toBe(asked.size);
  });

  it('sends after a restart what it could not send before, to the endpoint it was told once', async () => {
    endpoint.answer = 503;
    const first = await start(withWebhook());
    await first.stripe.customers.create();
    await eventually(() => expect(endpoint.received.length).toBeGreaterThan(0));
    await kill(first.child);
    endpoint.received.length = 0;
    endpoint.answer = 200;
    const second = await start();
    await second.stripe.customers.create();

    await eventually(() => expect(endpoint.types()).toEqual(['customer.created', 'customer.created']));
  });

  it('finishes after a restart what was under way', async () => {
    const debit = {
      amount: 2_000,
      currency: 'usd',
      allowed_payment_method_types: ['us_bank_account'],
      confirm: true,
      payment_method: 'pm_usBankAccount_success',
    };
    const first = await start();
    const intent = await first.stripe.paymentIntents.create(debit);
    await kill(first.child);
    const second = await start();

    expect(intent.status).toBe('processing');
    await eventually(async () =>
      expect((await second.stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded'),
    );
  });

  it('ends with code 0 when it is told to stop', async () => {
    const { child } = await start();
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];

    expect(code).toBe(0);
  });

  it.each([
    ['a live key', { STRIPE_EMULATOR_SECRET_KEY: 'sk_live_51Abc' }, 'sk_test_'],
    ['a webhook without a secret', { STRIPE_WEBHOOK_URL: 'http://127.0.0.1:1' }, 'STRIPE_WEBHOOK_SECRET'],
    ['a port that is none', { STRIPE_EMULATOR_PORT: 'many' }, 'STRIPE_EMULATOR_PORT'],
  ])('does not start with %s, and says why', async (_what, env, says) => {
    const child = spawn(process.execPath, ['--conditions=source', '--import', SOURCES, entry], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];

    expect(code).toBe(1);
    expect(said).toContain(says);
    expect(said).not.toContain('51Abc');
  });
});

describe('A data file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'payment-emulator-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('of a newer version is refused, not guessed at', async () => {
    const dataFile = join(folder, 'payments.sqlite');
    const file = new DatabaseSync(dataFile);
    file.exec('PRAGMA user_version = 99');
    file.close();

    await expect(startStripeEmulator({ dataFile })).rejects.toThrow('newer payment emulator');
  });

  it('that is no database is refused', async () => {
    const dataFile = join(folder, 'payments.sqlite');
    await writeFile(dataFile, 'this is not a database, but long enough to be looked at as one');

    await expect(startStripeEmulator({ dataFile })).rejects.toThrow('not a database');
  });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
