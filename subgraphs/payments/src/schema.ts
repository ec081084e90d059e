import { buildSubgraph, type SubgraphSchema } from '@marketgraph/platform/graphql';
import { mayReadMoneyOf } from './graphql/access.ts';
import {
  OrderPaymentResolver,
  VendorMoneyResolver,
  VendorOrderSettlementResolver,
} from './graphql/extensions.resolver.ts';
import { Category, Order, User, Vendor, VendorOrder } from './graphql/extensions.type.ts';
import { LedgerAccount } from './graphql/ledger.type.ts';
import { CommissionResolver, LedgerResolver, readableAccount, readableRule } from './graphql/operator.resolver.ts';
import { PaymentMethodResolver } from './graphql/payment-method.resolver.ts';
import { PaymentResolver, readablePayment, readableTransaction } from './graphql/payment.resolver.ts';
import { Payment, PaymentTransaction } from './graphql/payment.type.ts';
import type { PaymentsContext } from './graphql/payments-context.ts';
import { payoutAccountById, PayoutAccountResolver } from './graphql/payout-account.resolver.ts';
import {
  PayoutResolver,
  readablePayout,
  SettlementPayoutResolver,
  VendorPayoutsResolver,
} from './graphql/payout.resolver.ts';
import { Payout } from './graphql/payout.type.ts';
import { OrderRefundsResolver, readableRefund, RefundResolver } from './graphql/refund.resolver.ts';
import { Refund } from './graphql/refund.type.ts';
import { CommissionRule, PayoutAccount, toSettlementType, VendorSettlement } from './graphql/settlement.type.ts';
import { BasicUserError } from './graphql/shared.type.ts';
import { PaymentStreamResolver } from './graphql/stream.resolver.ts';
import { PaymentEvent, PayoutEvent } from './graphql/stream.type.ts';

let built: SubgraphSchema | undefined;

/** Resolver classes and reference resolvers; needs no store, so the contract prints offline. */
export function paymentsSchema(): SubgraphSchema {
  return (built ??= buildSubgraph({
    resolvers: [
      PaymentResolver,
      OrderPaymentResolver,
      VendorOrderSettlementResolver,
      VendorMoneyResolver,
      PaymentMethodResolver,
      PayoutResolver,
      PayoutAccountResolver,
      SettlementPayoutResolver,
      VendorPayoutsResolver,
      RefundResolver,
      OrderRefundsResolver,
      LedgerResolver,
      CommissionResolver,
      PaymentStreamResolver,
    ],
    orphanedTypes: [
      BasicUserError,
      Category,
      CommissionRule,
      LedgerAccount,
      Order,
      Payment,
      PaymentEvent,
      PaymentTransaction,
      Payout,
      PayoutAccount,
      PayoutEvent,
      Refund,
      User,
      Vendor,
      VendorOrder,
      VendorSettlement,
    ],
    references: {
      Payment: ({ id }, context: PaymentsContext) => readablePayment(String(id), context),
      PaymentTransaction: ({ id }, context: PaymentsContext) => readableTransaction(String(id), context),
      Refund: ({ id }, context: PaymentsContext) => readableRefund(String(id), context),
      VendorSettlement: ({ id }, context: PaymentsContext) => settlementById(String(id), context),
      Payout: ({ id }, context: PaymentsContext) => readablePayout(String(id), context),
      PayoutAccount: ({ id }, context: PaymentsContext) => payoutAccountById(String(id), context),
      LedgerAccount: ({ id }, context: PaymentsContext) => readableAccount(String(id), context),
      CommissionRule: ({ id }, context: PaymentsContext) => readableRule(String(id), context),
      // Others own these; every field added here decides for itself who may read it.
      Order: ({ id }) => ({ id }),
      VendorOrder: ({ id }) => ({ id }),
      Vendor: ({ id }) => ({ id }),
      User: ({ id }) => ({ id }),
    },
  }));
}

async function settlementById(id: string, { loaders, viewer }: PaymentsContext): Promise<VendorSettlement | null> {
  const row = await loaders.settlement.load(id);
  return row && mayReadMoneyOf(viewer, row.vendorId) ? toSettlementType(row) : null;
}
