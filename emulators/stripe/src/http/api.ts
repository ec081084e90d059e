import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { ApiError, invalidRequest } from '../api-error.ts';
import type { Faults, RequestFault } from '../faults.ts';
import { newId } from '../ids.ts';
import type { World } from '../world.ts';
import { API_VERSION, PLATFORM_ACCOUNT } from '../world.ts';
import { assertVersion, authenticate, secretKeyRequired } from './credentials.ts';
import { present } from './expand.ts';
import type { FormHash } from './form.ts';
import { canonicalForm, decodeForm } from './form.ts';
import { listOf, readParams, text } from './params.ts';
import type { Route, RouteMatch, Router } from './route.ts';

const MAX_KEY_LENGTH = 255;

export interface ApiRequest {
  method: string;
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

interface ApiOptions {
  world: World;
  router: Router;
  secretKeys: ReadonlySet<string>;
  faults: Faults;
  /** Ends the waits of scripted delays. */
  stopped: AbortSignal;
  /** Called after a request's writes are on disk. */
  onCommitted(): void;
  onBroken(error: unknown, requestId: string): void;
}

/** What came of a request, and whether it may be repeated to a client that asks again with the same key. */
interface Outcome {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

const expandParam = { expand: listOf(text({ max: 200 }), { max: 20 }) };

/** Answers one API request. The order of its steps is Stripe's: who, how often, the key, the parameters, the work. */
export class Api {
  readonly #options: ApiOptions;
  /** Keys whose request is still being worked on. Only a scripted delay lets one be seen: the work itself is one step. */
  readonly #working = new Set<string>();

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** The answer, or `dropped` when a fault says that the connection ends without one. */
  async answer(request: ApiRequest): Promise<Reply | 'dropped'> {
    const requestId = newId('req');
    const faults = this.#options.faults.takeForRequest(request.method, request.path);
    const headers = baseHeaders(request, requestId);
    try {
      const outcome = await this.#answer(request, requestId, faults);
      if (outcome === 'dropped') return outcome;
      return { status: outcome.status, headers: { ...headers, ...outcome.headers }, body: outcome.body };
    } catch (error) {
      const { status, body, headers: extra } = this.#refusal(error, requestId);
      return { status, headers: { ...headers, ...extra }, body };
    }
  }

  async #answer(request: ApiRequest, requestId: string, faults: RequestFault[]): Promise<Outcome | 'dropped'> {
    const { world, router, secretKeys, stopped } = this.#options;
    const form = readForm(request);
    const caller = authenticate(world, secretKeys, request.headers, form);
    assertVersion(request.headers);
    if (faults.some(({ kind }) => kind === 'rateLimit429')) throw rateLimited();
    const match = router.match(request.method, request.path);
    if (!match) throw unknownUrl(request);
    if (caller.publishable && !match.route.publishable) throw secretKeyRequired();

    const key = request.method === 'POST' ? idempotencyKey(request.headers) : null;
    const claim = `${caller.account} ${key}`;
    const fingerprint = fingerprintOf(form);
    if (key !== null) {
      if (this.#working.has(claim)) throw keyInUse(key);
      const stored = world.replies.find(caller.account, key, world.nowMs());
      if (stored) {
        assertSameRequest(stored, { path: request.path, fingerprint, key });
        const replay = {
          status: stored.status,
          body: stored.body,
          headers: {
            'idempotent-replayed': 'true',
            'original-request': stored.request,
            ...(stored.status >= 500 && { 'stripe-should-retry': 'false' }),
          },
        };
        return await this.#withFaultsAfter(replay, faults);
      }
      this.#working.add(claim);
    }
    let outcome: Outcome;
    try {
      for (const { kind, ms = 0 } of faults)
        if (kind === 'delayBefore') await delay(ms, undefined, { signal: stopped });
      if (faults.some(({ kind }) => kind === 'dropConnectionBeforeEffect')) return 'dropped';
      outcome = this.#work({ request, requestId, form, caller, match, key, fingerprint, faults });
    } finally {
      this.#working.delete(claim);
    }
    return await this.#withFaultsAfter(outcome, faults);
  }

  /** One transaction: the effect, its events and the remembered answer are kept together or not at all. */
  #work(work: Work): Outcome {
    const { world } = this.#options;
    const { request, requestId, form, caller, match, key, fingerprint, faults } = work;
    const broken = faults.find(({ kind }) => kind === 'error500BeforeEffect');
    const { expand, ...params } = readParams({ ...match.route.params, ...expandParam }, form);
    const nowMs = world.nowMs();
    const answer = (): Outcome => {
      if (broken) return serverError(requestId, { retry: broken.remembered !== true });
      try {
        const call = {
          world,
          account: caller.account,
          publishable: caller.publishable,
          nowMs,
          ids: match.ids,
          request: { id: requestId, idempotencyKey: key },
        };
        const result = match.route.run(call, params);
        return { status: 200, body: JSON.stringify(present(world, result, expand), null, 2) };
      } catch (error) {
        if (error instanceof ApiError && error.keepsEffects) return this.#refusal(error, requestId);
        throw error;
      }
    };
    const keep = ({ status, body }: Outcome) => {
      if (key === null) return;
      world.replies.keep(
        caller.account,
        key,
        { path: request.path, fingerprint, status, body, request: requestId },
        nowMs,
      );
    };
    try {
      const outcome = world.db.transaction(() => {
        const answered = answer();
        const lost = faults.find(({ kind }) => kind === 'error500AfterEffect');
        const spoiled = lost ? serverError(requestId, { retry: lost.remembered === false }) : answered;
        const isRemembered = broken ? broken.remembered === true : true;
        if (isRemembered) keep(lost && lost.remembered !== false ? spoiled : answered);
        return spoiled;
      });
      this.#options.onCommitted();
      return outcome;
    } catch (error) {
      // The endpoint ran and refused: Stripe remembers that answer too. An accident of ours is not remembered.
      if (!(error instanceof ApiError)) throw error;
      const refused = this.#refusal(error, requestId);
      world.db.transaction(() => keep(refused));
      return refused;
    }
  }

  async #withFaultsAfter(outcome: Outcome, faults: RequestFault[]): Promise<Outcome | 'dropped'> {
    for (const { kind, ms = 0 } of faults) {
      if (kind === 'delayAfter') await delay(ms, undefined, { signal: this.#options.stopped });
    }
    return faults.some(({ kind }) => kind === 'dropConnectionAfterEffect') ? 'dropped' : outcome;
  }

  #refusal(error: unknown, requestId: string): Outcome {
    if (error instanceof ApiError) {
      const body = { error: { ...error.body, request_log_url: requestLog(requestId) } };
      return { status: error.status, headers: error.headers, body: JSON.stringify(body, null, 2) };
    }
    if (!this.#options.stopped.aborted) this.#options.onBroken(error, requestId);
    return serverError(requestId, { retry: true });
  }
}

interface Work {
  request: ApiRequest;
  requestId: string;
  form: FormHash;
  caller: { account: string; publishable: boolean };
  match: RouteMatch & { route: Route };
  key: string | null;
  fingerprint: string;
  faults: RequestFault[];
}

function readForm({ method, headers, query, body }: ApiRequest): FormHash {
  if (method !== 'POST') return decodeForm(query);
  const type = headers['content-type'] ?? '';
  if (body !== '' && !type.startsWith('application/x-www-form-urlencoded')) {
    throw invalidRequest(
      'Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any ' +
        'questions, we can help at https://support.stripe.com/.',
    );
  }
  return decodeForm(query === '' ? body : `${query}&${body}`);
}

function fingerprintOf(form: FormHash): string {
  return createHash('sha256').update(canonicalForm(form)).digest('base64url');
}

function baseHeaders({ headers }: ApiRequest, requestId: string): Record<string, string> {
  const account = headers['stripe-account'];
  const key = headers['idempotency-key'];
  return {
    'request-id': requestId,
    'stripe-version': API_VERSION,
    ...(typeof account === 'string' && account !== PLATFORM_ACCOUNT && { 'stripe-account': account }),
    ...(typeof key === 'string' && { 'idempotency-key': key }),
  };
}

function idempotencyKey(headers: IncomingHttpHeaders): string | null {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string') return null;
  if (key.length > 0 && key.length <= MAX_KEY_LENGTH) return key;
  throw new ApiError({
    status: 400,
    body: {
      type: 'idempotency_error',
      message: `Idempotency keys must have between 1 and ${MAX_KEY_LENGTH} characters.`,
    },
  });
}

function assertSameRequest(
  stored: { path: string; fingerprint: string },
  { path, fingerprint, key }: { path: string; fingerprint: string; key: string },
): void {
  const instead = `Try using a key other than '${key}' if you meant to execute a different request.`;
  const misused = (message: string) => new ApiError({ status: 400, body: { type: 'idempotency_error', message } });
  if (stored.path !== path) {
    throw misused(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs ` +
        `'${stored.path}'). ${instead}`,
    );
  }
  if (stored.fingerprint !== fingerprint) {
    throw misused(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. ${instead}`,
    );
  }
}

function keyInUse(key: string) {
  return new ApiError({
    status: 409,
    body: {
      type: 'idempotency_error',
      code: 'idempotency_key_in_use',
      message:
        'There is currently another in-progress request using this Idempotent Key (that probably means you submitted ' +
        `twice, and the other request is still going through): ${key}. Please try again later.`,
    },
  });
}

function rateLimited() {
  return new ApiError({
    status: 429,
    body: {
      type: 'invalid_request_error',
      code: 'rate_limit',
      message:
        'Request rate limit exceeded. Too many requests hit the API too quickly. We recommend an exponential backoff ' +
        'of your requests.',
    },
    headers: { 'stripe-rate-limited-reason': 'global-rate' },
  });
}

export function unknownUrl({ method, path }: { method: string; path: string }) {
  return invalidRequest(
    `Unrecognized request URL (${method}: ${path.slice(0, 200)}). If you are trying to list objects, remove the ` +
      'trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier ' +
      'in your code. Please see https://stripe.com/docs or we can help at https://support.stripe.com/.',
    { status: 404 },
  );
}

/** Without a retry the SDK is told so: the key would only bring the same answer again. */
function serverError(requestId: string, { retry }: { retry: boolean }): Outcome {
  const error = {
    type: 'api_error',
    message: `An error occurred while processing your request. (request ${requestId})`,
    request_log_url: requestLog(requestId),
  };
  return {
    status: 500,
    body: JSON.stringify({ error }, null, 2),
    ...(!retry && { headers: { 'stripe-should-retry': 'false' } }),
  };
}

function requestLog(requestId: string): string {
  return `https://dashboard.stripe.com/test/logs/${requestId}`;
}
