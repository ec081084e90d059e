import type { IncomingHttpHeaders } from 'node:http';

import { invalidRequest } from '../api-error.ts';
import type { World } from '../world.ts';
import { API_VERSION, PLATFORM_ACCOUNT } from '../world.ts';
import type { FormHash } from './form.ts';

const AUTH_HELP =
  "You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer " +
  "YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.";

export interface Caller {
  account: string;
  publishable: boolean;
}

/** Who is asking, and for which account. A live key is refused here, before anything is looked at. */
export function authenticate(
  world: World,
  secretKeys: ReadonlySet<string>,
  headers: IncomingHttpHeaders,
  form: FormHash,
): Caller {
  const key = keyOf(headers, form);
  if (key === undefined) throw invalidRequest(`You did not provide an API key. ${AUTH_HELP}`, { status: 401 });
  const publishable = /^pk_test_\w+$/.test(key);
  if (!publishable && !isAccepted(key, secretKeys)) {
    throw invalidRequest(`Invalid API Key provided: ${masked(key)}`, { status: 401 });
  }
  const account = headers['stripe-account'];
  if (account === undefined || account === PLATFORM_ACCOUNT) return { account: PLATFORM_ACCOUNT, publishable };
  const known = typeof account === 'string' ? world.objects.findAnywhere('account', account)?.body : undefined;
  if (known && known.deleted === undefined) return { account: known.id, publishable };
  throw invalidRequest(
    `The provided key '${masked(key)}' does not have access to account '${String(account).slice(0, 60)}' (or that ` +
      'account does not exist). Application access may have been revoked.',
    { code: 'account_invalid', status: 403 },
  );
}

export function secretKeyRequired() {
  return invalidRequest(
    'This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of ' +
      'your API keys at https://dashboard.stripe.com/account/apikeys.',
    { code: 'secret_key_required', status: 403 },
  );
}

/** Only one version's shapes are answered; answering another with them would be a silent difference. */
export function assertVersion(headers: IncomingHttpHeaders): void {
  const version = headers['stripe-version'];
  if (version === undefined || version === API_VERSION) return;
  throw invalidRequest(
    `Invalid Stripe API version: ${String(version).slice(0, 40)}. This emulator answers in ${API_VERSION} only.`,
  );
}

/** The client's libraries use Bearer, curl uses Basic, a browser script sends the key in the form. */
function keyOf(headers: IncomingHttpHeaders, form: FormHash): string | undefined {
  const header = headers.authorization;
  if (header === undefined) {
    const key = form['key'];
    delete form['key'];
    return typeof key === 'string' ? key : undefined;
  }
  const [scheme = '', value = ''] = header.split(/\s+/, 2);
  if (/^bearer$/i.test(scheme) && value !== '') return value;
  if (/^basic$/i.test(scheme)) return Buffer.from(value, 'base64').toString('utf8').split(':')[0] || undefined;
  return undefined;
}

function isAccepted(key: string, secretKeys: ReadonlySet<string>): boolean {
  return secretKeys.size > 0 ? secretKeys.has(key) : /^sk_test_\w+$/.test(key);
}

/** Enough to recognise one's own key by, not enough to use it. */
function masked(key: string): string {
  const kind = /^(?:sk|pk|rk)_(?:test|live)_/.exec(key)?.[0] ?? '';
  return `${kind}${'*'.repeat(8)}${key.length > kind.length + 8 ? key.slice(-4) : ''}`;
}
