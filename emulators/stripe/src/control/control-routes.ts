import { z } from 'zod';

import { ApiError, invalidRequest } from '../api-error.ts';
import type { Reply } from '../http/api.ts';
import { unknownUrl } from '../http/api.ts';
import type { HttpRequest } from '../http/listener.ts';
import { faultInput } from '../faults.ts';
import type { World } from '../world.ts';
import { seconds } from '../world.ts';
import type { Control } from './control.ts';
import { returnAddress } from './control.ts';
import { challengePage, messagePage, onboardingPage } from './pages.ts';

const outcome = z.strictObject({ outcome: z.enum(['fail', 'succeed']) });
const position = z.coerce.number().int().min(0).optional();

interface ControlRequest {
  control: Control;
  world: World;
  ids: string[];
  query: Record<string, string>;
  body: unknown;
  /** A browser posted a form; it wants a page, not JSON. */
  isForm: boolean;
}

type Handler = (request: ControlRequest) => unknown;

/** Every control call, by method and path. `([^/]+)` are the ids. */
const handlers: [method: string, path: RegExp, handler: Handler][] = [
  ['GET', /^\/_emulator\/faults$/, ({ control }) => control.faults()],
  ['POST', /^\/_emulator\/faults$/, ({ control, body }) => control.addFault(faultInput.parse(body))],
  [
    'DELETE',
    /^\/_emulator\/faults$/,
    ({ control }) => {
      control.clearFaults();
      return control.faults();
    },
  ],
  [
    'GET',
    /^\/_emulator\/record$/,
    ({ control, query }) =>
      control.record(
        z.strictObject({ payment_intent: z.string().optional(), after: position, limit: position }).parse(query),
      ),
  ],
  [
    'GET',
    /^\/_emulator\/journal$/,
    ({ control, query }) => control.journal(z.strictObject({ after: position, limit: position }).parse(query)),
  ],
  [
    'GET',
    /^\/_emulator\/deliveries$/,
    ({ control, query }) =>
      control.deliveries(
        z
          .strictObject({
            event: z.string().optional(),
            state: z.enum(['delivered', 'dropped', 'failed', 'held', 'pending']).optional(),
            after: position,
          })
          .parse(query),
      ),
  ],
  [
    'POST',
    /^\/_emulator\/events\/([^/]+)\/redeliver$/,
    ({ control, ids }) => {
      control.redeliver(ids[0]!);
      return { redelivered: ids[0] };
    },
  ],
  ['GET', /^\/_emulator\/webhook$/, ({ control }) => ({ webhook: control.webhook() })],
  [
    'POST',
    /^\/_emulator\/webhook$/,
    ({ control, body }) => {
      control.setWebhook(z.strictObject({ url: z.url(), secret: z.string().min(1) }).parse(body));
      return { webhook: control.webhook() };
    },
  ],
  [
    'POST',
    /^\/_emulator\/clock$/,
    ({ control, body }) => ({
      now: control.advanceClock(z.strictObject({ advanceMs: z.int() }).parse(body).advanceMs),
    }),
  ],
  [
    'POST',
    /^\/_emulator\/balance\/settle$/,
    ({ control, body }) => ({
      settled: control.settleBalance(z.strictObject({ account: z.string().optional() }).parse(body ?? {}).account),
    }),
  ],
  ['POST', /^\/_emulator\/payment_intents\/([^/]+)\/authenticate$/, authenticate],
  ['GET', /^\/_emulator\/3ds\/([^/]+)$/, challenge],
  [
    'POST',
    /^\/_emulator\/payment_intents\/([^/]+)\/settle$/,
    ({ control, ids, body }) => control.settlePayment(ids[0]!, outcome.parse(body).outcome),
  ],
  [
    'POST',
    /^\/_emulator\/payouts\/([^/]+)$/,
    ({ control, ids, body }) =>
      control.settlePayout(
        ids[0]!,
        z.strictObject({ status: z.enum(['failed', 'paid']), failure_code: z.string().optional() }).parse(body),
      ),
  ],
  [
    'POST',
    /^\/_emulator\/refunds\/([^/]+)$/,
    ({ control, ids, body }) => control.settleRefund(ids[0]!, outcome.parse(body).outcome),
  ],
  ['POST', /^\/_emulator\/charges\/([^/]+)\/dispute$/, ({ control, ids }) => control.openDispute(ids[0]!)],
  [
    'POST',
    /^\/_emulator\/disputes\/([^/]+)$/,
    ({ control, ids, body }) =>
      control.closeDispute(ids[0]!, z.strictObject({ outcome: z.enum(['lost', 'won']) }).parse(body).outcome),
  ],
  ['POST', /^\/_emulator\/accounts\/([^/]+)\/onboard$/, ({ control, ids }) => control.onboard(ids[0]!)],
  [
    'POST',
    /^\/_emulator\/accounts\/([^/]+)\/restrict$/,
    ({ control, ids, body }) =>
      control.restrict(
        ids[0]!,
        z.strictObject({ disabled_reason: z.string().max(100).nullable() }).parse(body).disabled_reason,
      ),
  ],
  ['GET', /^\/_emulator\/onboarding\/([^/]+)\/([^/]+)$/, onboarding],
  ['POST', /^\/_emulator\/onboarding\/([^/]+)\/([^/]+)$/, onboarding],
];

/** Answers `/_emulator/…`. It needs no key: it is for the machine it runs on, and errors have the API's shape. */
export function answerControl(control: Control, world: World, request: HttpRequest): Reply {
  try {
    for (const [method, path, handler] of handlers) {
      const match = method === request.method ? path.exec(request.path) : null;
      if (!match) continue;
      const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
      const result = handler({
        control,
        world,
        ids: match.slice(1),
        query: Object.fromEntries(new URLSearchParams(request.query)),
        body: isForm ? Object.fromEntries(new URLSearchParams(request.body)) : json(request),
        isForm,
      });
      return isReply(result) ? result : jsonReply(200, result);
    }
    throw unknownUrl(request);
  } catch (error) {
    const refusal = refusalOf(error);
    return jsonReply(refusal.status, { error: refusal.body });
  }
}

function authenticate({ control, world, ids, body, isForm }: ControlRequest): unknown {
  const intent = control.authenticate(ids[0]!, outcome.parse(body).outcome);
  if (!isForm) return intent;
  const address = returnAddress(world, intent);
  return address === null ? html('Done. You can close this page.') : seeOther(address);
}

function challenge({ control, ids }: ControlRequest): Reply {
  const intent = control.find('payment_intent', ids[0]!);
  if (intent.status !== 'requires_action') return html('This payment waits for nothing.');
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: challengePage(intent) };
}

function onboarding({ control, world, ids, isForm }: ControlRequest): Reply {
  const account = control.find('account', ids[0]!);
  const { link, link_expires, link_return, link_refresh } = world.objects.hidden(account.id);
  const isValid = link === ids[1] && Number(link_expires) > seconds(world.nowMs());
  if (!isValid) return typeof link_refresh === 'string' ? seeOther(link_refresh) : html('This link is not valid.');
  const action = `/_emulator/onboarding/${account.id}/${ids[1]!}`;
  if (!isForm) {
    return {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: onboardingPage(account, action),
    };
  }
  control.onboard(account.id);
  // A link is good for one visit.
  world.objects.hide(account.id, { link: null });
  return seeOther(String(link_return));
}

function html(message: string): Reply {
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: messagePage(message) };
}

function seeOther(location: string): Reply {
  return { status: 303, headers: { location }, body: '' };
}

function jsonReply(status: number, value: unknown): Reply {
  return { status, headers: {}, body: JSON.stringify(value, null, 2) };
}

function isReply(value: unknown): value is Reply {
  return typeof value === 'object' && value !== null && 'headers' in value && 'body' in value && 'status' in value;
}

/** JSON by name only: a web page elsewhere cannot post that without asking first. */
function json({ body, headers }: HttpRequest): unknown {
  if (body === '') return undefined;
  if (!(headers['content-type'] ?? '').startsWith('application/json')) {
    throw invalidRequest('The body has to be sent as application/json.');
  }
  try {
    return JSON.parse(body);
  } catch {
    throw invalidRequest('The body is not JSON.');
  }
}

function refusalOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof z.ZodError || error instanceof RangeError) {
    return invalidRequest(error instanceof z.ZodError ? z.prettifyError(error) : error.message);
  }
  throw error;
}
