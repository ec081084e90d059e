import type Stripe from 'stripe';

import { noSuch } from '../api-error.ts';
import { oneOf, required, text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { route } from '../http/route.ts';
import { randomText } from '../ids.ts';
import { seconds } from '../world.ts';

/** Stripe's links live a few minutes and are good for one visit. */
const LINK_LIFE_S = 5 * 60;

const create = route({
  method: 'POST',
  path: '/v1/account_links',
  params: {
    account: required(text()),
    type: required(oneOf(['account_onboarding', 'account_update'])),
    refresh_url: required(text({ max: 2_048 })),
    return_url: required(text({ max: 2_048 })),
  },
  run(call, { account: id, refresh_url, return_url }): Stripe.AccountLink {
    const account = call.world.objects.find(call.account, 'account', id);
    if (!account || account.deleted !== undefined) throw noSuch('account', id, { param: 'account', status: 400 });
    const token = randomText(32);
    const created = seconds(call.nowMs);
    const expires = created + LINK_LIFE_S;
    call.world.objects.hide(account.id, {
      link: token,
      link_expires: expires,
      link_return: return_url,
      link_refresh: refresh_url,
    });
    return {
      object: 'account_link',
      created,
      expires_at: expires,
      url: `${call.world.baseUrl()}/_emulator/onboarding/${account.id}/${token}`,
    };
  },
});

export const accountLinkRoutes: Route[] = [create];
