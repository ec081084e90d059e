import type { PaymentRow } from '../store/payment.entity.ts';
import { disputeTotals } from '../store/disputes.ts';
import { capturedAfter, findPayment, movingOf } from '../store/payments.ts';
import { transferTotals } from '../store/payouts.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { syncDisputes } from './sync-disputes.ts';
import { syncRefunds } from './sync-refunds.ts';

export interface Difference {
  paymentId: string;
  what: 'captured' | 'refunded' | 'disputed' | 'disputeFee' | 'transferred' | 'reversed' | 'fee';
  here: number;
  atProvider: number;
}

const PAGE = 50;

/**
 * Compares captured payments, in the order of their ids, with the provider's own record of
 * what was captured, refunded, disputed, transferred, taken back and kept as a fee. What is under way
 * is not a difference. `next` is where to go on; null after the last.
 */
export async function reconcileWithProvider(
  deps: PaymentsDeps,
  { after = '', limit = PAGE }: { after?: string; limit?: number } = {},
): Promise<{ checked: number; differences: Difference[]; next: string | null }> {
  const payments = await capturedAfter(deps.orm.em.fork(), after, limit);
  const differences: Difference[] = [];
  for (const payment of payments) differences.push(...(await compare(deps, payment)));
  for (const difference of differences) deps.log.error({ ...difference }, 'the provider says another amount');
  return {
    checked: payments.length,
    differences,
    next: payments.length === limit ? (payments.at(-1)?.id ?? null) : null,
  };
}

async function compare(deps: PaymentsDeps, payment: PaymentRow): Promise<Difference[]> {
  const reference = payment.gatewayReference;
  if (!reference) return [{ paymentId: payment.id, what: 'captured', here: payment.capturedAmount, atProvider: 0 }];
  const own = await deps.provider.retrieveIntent(reference);
  const refunds = await deps.provider.listRefunds(reference);
  const movements = (await deps.provider.listDisputes(reference)).flatMap((dispute) => dispute.movements);
  const transfers = await deps.provider.listTransfers(payment.orderId);
  const em = deps.orm.em.fork();
  // Read after the provider was, so that what has just happened there is at least begun here.
  const here = await transferTotals(em, payment.id);
  const banks = await disputeTotals(em, payment.id);
  const isMoving = await movingOf(em, payment.id);
  const sum = (amounts: readonly { amount: number }[]) => amounts.reduce((total, { amount }) => total + amount, 0);
  const pairs: [Difference['what'], number, number][] = [
    ['captured', payment.capturedAmount, own.intent.received.amount],
    ['disputed', banks.withdrawn, sum(movements)],
    ['disputeFee', banks.fees, sum(movements.map(({ fee }) => ({ amount: fee })))],
    // One that is not known on either side is under way: the payment is looked at until it is.
    ...(here.fee === null || !own.intent.fee
      ? []
      : ([['fee', here.fee, own.intent.fee.amount]] satisfies [Difference['what'], number, number][])),
    ...(isMoving
      ? []
      : ([
          [
            'refunded',
            // What was lost in disputes went back through the bank.
            here.refunded - banks.shared,
            sum(refunds.filter(({ status }) => status === 'SUCCEEDED').map((one) => one.amount)),
          ],
          ['transferred', here.transferred, sum(transfers.map((one) => one.amount))],
          ['reversed', here.reversed, sum(transfers.map((one) => one.reversed))],
        ] satisfies [Difference['what'], number, number][])),
  ];
  return pairs
    .filter(([, ours, theirs]) => ours !== theirs)
    .map(([what, ours, theirs]) => ({ paymentId: payment.id, what, here: ours, atProvider: theirs }));
}

const WHOLE_PASS_MS = 60 * 60 * 1_000;

/** What the provider's lists tell, and only they: news of it that never came is heard now. */
const LISTED: ReadonlySet<Difference['what']> = new Set(['refunded', 'disputed', 'disputeFee']);

/**
 * A webhook that was lost for good must not leave a vendor paid out of money that a bank has taken back. One that cannot be
 * caught up with is told again in an hour.
 */
async function catchUp(deps: PaymentsDeps, differences: readonly Difference[]): Promise<void> {
  const behind = new Set(differences.filter(({ what }) => LISTED.has(what)).map(({ paymentId }) => paymentId));
  for (const paymentId of behind) {
    try {
      const payment = await findPayment(deps.orm.em.fork(), paymentId);
      if (!payment?.gatewayReference) continue;
      const own = { id: paymentId, intentReference: payment.gatewayReference };
      await syncRefunds(deps, own);
      await syncDisputes(deps, own);
    } catch (error) {
      deps.log.error({ err: error, paymentId }, 'could not be caught up with');
    }
  }
}

/** A page per run, and once through all of them an hour's rest. */
export function reconciler(): (deps: PaymentsDeps) => Promise<'idle' | 'busy'> {
  let after: string | null = '';
  let restUntil = 0;
  return async (deps) => {
    const now = deps.clock.now().getTime();
    if (now < restUntil) return 'idle';
    const { next, differences } = await reconcileWithProvider(deps, { after: after ?? '' });
    await catchUp(deps, differences);
    after = next;
    if (next === null) restUntil = now + WHOLE_PASS_MS;
    return 'idle';
  };
}
