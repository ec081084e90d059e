import { ApiError } from './api-error.ts';
import { Control } from './control/control.ts';
import { answerControl } from './control/control-routes.ts';
import { Faults } from './faults.ts';
import type { Reply } from './http/api.ts';
import { Api } from './http/api.ts';
import type { HttpRequest, Listener } from './http/listener.ts';
import { listen } from './http/listener.ts';
import { Router } from './http/route.ts';
import { newId } from './ids.ts';
import { runLaterSteps } from './later-steps.ts';
import { apiRoutes } from './resources/routes.ts';
import { Database } from './store/database.ts';
import type { WebhookTarget } from './store/deliveries.ts';
import { Deliveries } from './store/deliveries.ts';
import { Later } from './store/later.ts';
import { Movements } from './store/movements.ts';
import { Objects } from './store/objects.ts';
import { Replies } from './store/replies.ts';
import type { RetryPolicy } from './webhooks/sender.ts';
import { defaultRetry, WebhookSender } from './webhooks/sender.ts';
import type { Settings, World } from './world.ts';
import { API_VERSION, defaultSettings, seconds } from './world.ts';

export type { Control } from './control/control.ts';
export type { FaultInput } from './faults.ts';
export type { Movement, PaymentRecord } from './store/movements.ts';
export type { WebhookTarget } from './store/deliveries.ts';
export type { RetryPolicy } from './webhooks/sender.ts';
export type { Settings } from './world.ts';

/** How often things that happen by themselves are looked for. */
const LATER_TICK_MS = 50;

export type Log = (message: string, detail?: Record<string, unknown>) => void;

export interface StripeEmulatorOptions {
  /** SQLite file; in memory when left out. */
  dataFile?: string;
  /** 0 for any free port. */
  port?: number;
  host?: string;
  /** Accepted keys, all `sk_test_…`; any such key when left out. */
  secretKeys?: string[];
  webhook?: WebhookTarget;
  clock?: () => Date;
  settings?: Partial<Settings>;
  webhookRetry?: Partial<RetryPolicy>;
  log?: Log;
}

export interface StripeEmulator {
  host: string;
  port: number;
  url: string;
  control: Control;
  setWebhook(target: WebhookTarget): void;
  stop(): Promise<void>;
}

/** Starts the stand-in. It serves requests when the promise resolves. */
export async function startStripeEmulator(options: StripeEmulatorOptions = {}): Promise<StripeEmulator> {
  const { dataFile = ':memory:', host = '127.0.0.1', port = 0, log = () => {} } = options;
  const secretKeys = testKeys(options.secretKeys ?? []);
  const clock = options.clock ?? (() => new Date());
  const stopped = new AbortController();
  const faults = new Faults();
  const db = new Database(dataFile);
  let clockOffsetMs = 0;
  let listener: Listener | undefined;
  const world: World = {
    db,
    objects: new Objects(db),
    replies: new Replies(db),
    movements: new Movements(db),
    later: new Later(db),
    deliveries: new Deliveries(db),
    settings: { ...defaultSettings, ...options.settings },
    nowMs: () => clock().getTime() + clockOffsetMs,
    baseUrl: () => baseUrl(host, listener?.port ?? port),
    hasWebhook: () => sender.target !== undefined,
  };
  const sender = new WebhookSender({
    world,
    faults,
    retry: { ...defaultRetry, ...options.webhookRetry },
    wireSeconds: () => seconds(clock().getTime()),
    log,
  });
  const control = new Control({ world, faults, sender, advanceClock: (ms) => void (clockOffsetMs += ms) });
  const api = new Api({
    world,
    router: new Router(apiRoutes),
    secretKeys,
    faults,
    stopped: stopped.signal,
    onCommitted: () => sender.wake(),
    onBroken: (error, requestId) => log('request broke', { requestId, error: String(error), stack: stackOf(error) }),
  });
  try {
    listener = await listen((request) => answer(request, { api, control, world }), { host, port, tooLarge });
  } catch (error) {
    db.close();
    throw error;
  }
  if (options.webhook) sender.setTarget(options.webhook);
  else sender.wake();
  const ticking = setInterval(() => {
    try {
      if (runLaterSteps(world) > 0) sender.wake();
    } catch (error) {
      log('a later step broke', { error: String(error), stack: stackOf(error) });
    }
  }, LATER_TICK_MS);
  ticking.unref();

  let stopping: Promise<void> | undefined;
  const stop = async (running: Listener) => {
    clearInterval(ticking);
    stopped.abort();
    sender.stop();
    await running.stop();
    db.close();
  };
  const running = listener;
  return {
    host,
    port: running.port,
    url: baseUrl(host, running.port),
    control,
    setWebhook: (target) => sender.setTarget(target),
    stop: () => (stopping ??= stop(running)),
  };
}

interface Parts {
  api: Api;
  control: Control;
  world: World;
}

async function answer(request: HttpRequest, { api, control, world }: Parts): Promise<Reply | 'dropped'> {
  if (request.method === 'GET' && request.path === '/health') return health(world);
  if (request.path.startsWith('/_emulator/')) return answerControl(control, world, request);
  if (request.method === 'OPTIONS') return { status: 200, headers: crossOrigin, body: '' };
  const reply = await api.answer(request);
  return reply === 'dropped' ? reply : { ...reply, headers: { ...crossOrigin, ...reply.headers } };
}

/** A buyer's browser talks to the API from the shop's page, with a publishable key. */
const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key, stripe-account, stripe-version',
  'access-control-expose-headers': 'request-id, stripe-should-retry',
  'access-control-max-age': '300',
};

function health(world: World): Reply {
  world.db.one('SELECT 1');
  const body = { status: 'ok', emulator: true, name: 'marketgraph payment emulator', api_version: API_VERSION };
  return { status: 200, headers: {}, body: JSON.stringify(body) };
}

function tooLarge(): Reply {
  const error = new ApiError({
    status: 413,
    body: { type: 'invalid_request_error', message: 'The request body is larger than 1 MB.' },
  });
  const headers = { 'request-id': newId('req'), connection: 'close' };
  return { status: error.status, headers, body: JSON.stringify({ error: error.body }) };
}

/** A live key given here by mistake stops the start, rather than being accepted or quietly ignored. */
function testKeys(keys: string[]): ReadonlySet<string> {
  for (const key of keys) {
    if (!/^sk_test_\w+$/.test(key)) {
      throw new Error('The payment emulator takes test keys only: a secret key has to start with sk_test_.');
    }
  }
  return new Set(keys);
}

function baseUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
