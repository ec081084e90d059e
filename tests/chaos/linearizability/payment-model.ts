import type { Model } from './history.ts';

export type MoneyCall = { do: 'refund'; amount: number } | { do: 'query' };

export type MoneyOutcome = { refunded: number } | { exceeds: true } | { atMost: number; atLeast: number };

/** What is promised to go back of one captured payment, never more than was captured. */
export function paymentModel(captured: number): Model<number, MoneyCall, MoneyOutcome> {
  return {
    initial: 0,
    keyOf: String,
    next(promised, call, outcome) {
      if (call.do === 'query') {
        const isSaid = outcome && 'atMost' in outcome && outcome.atLeast <= promised && promised <= outcome.atMost;
        return !outcome || isSaid ? [promised] : [];
      }
      const isLegal = promised + call.amount <= captured;
      if (!outcome) return [isLegal ? promised + call.amount : promised];
      if ('exceeds' in outcome) return isLegal ? [] : [promised];
      return 'refunded' in outcome && isLegal && outcome.refunded === call.amount ? [promised + call.amount] : [];
    },
  };
}
