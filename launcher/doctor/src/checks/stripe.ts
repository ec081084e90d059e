import type { Check } from '../check.ts';

const STRIPE = 'https://api.stripe.com';

/** Whether the provider of payments answers and takes our key. It asks for one payment, which every key may see. */
export function stripeCheck({ secretKey, url = STRIPE }: { secretKey: string; url?: string | undefined }): Check {
  return {
    id: 'stripe',
    async run({ signal }) {
      const response = await fetch(new URL('/v1/payment_intents?limit=1', url), {
        headers: { authorization: `Bearer ${secretKey}` },
        signal,
      });
      await response.arrayBuffer();
      const facts = { httpStatus: response.status, isTest: secretKey.includes('_test_') };
      if (response.status === 401) {
        const advice = 'Set STRIPE_SECRET_KEY to a key that has not been rolled.';
        return { status: 'fail', reason: 'it does not take the key', advice, facts };
      }
      if (response.status >= 500 || response.status === 429) {
        const reason = `it answers ${response.status}`;
        return {
          status: 'fail',
          reason,
          advice: 'See status.stripe.com; checkouts wait and go on by themselves.',
          facts,
        };
      }
      return { status: 'ok', reason: `answers${facts.isTest ? ', with a test key' : ''}`, facts };
    },
  };
}
