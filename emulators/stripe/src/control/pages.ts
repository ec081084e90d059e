import type Stripe from 'stripe';

import { moneyText } from '../payments/money-text.ts';

/** The bank's page a buyer is sent to: two buttons, no card data. */
export function challengePage(intent: Stripe.PaymentIntent): string {
  const action = `/_emulator/payment_intents/${intent.id}/authenticate`;
  return page(
    '3-D Secure test page',
    `<p>A shop asks for ${escaped(moneyText(intent.amount, intent.currency))}. Play the buyer:</p>
     <form method="post" action="${action}"><button name="outcome" value="succeed">Complete</button>
     <button name="outcome" value="fail">Fail</button></form>`,
  );
}

/** What a vendor fills in: here one button gives a test person's answers. */
export function onboardingPage(account: Stripe.Account, action: string): string {
  return page(
    'Onboarding test page',
    `<p>Account ${escaped(account.id)}${account.email ? ` (${escaped(account.email)})` : ''} asks to be able to
     receive money.</p>
     <form method="post" action="${escaped(action)}"><button>Use test details and finish</button></form>`,
  );
}

export function messagePage(message: string): string {
  return page('Payment emulator', `<p>${escaped(message)}</p>`);
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<body style="font: 16px/1.5 sans-serif; max-width: 36em; margin: 4em auto">
<h1>${title}</h1>${content}<p><small>This is a stand-in for tests. No money moves here.</small></p></body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
