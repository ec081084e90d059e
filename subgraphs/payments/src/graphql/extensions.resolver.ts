import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { CurrencyCode } from '@marketgraph/platform/graphql';
import { balanceOf } from '../domain/settlement.ts';
import { mayReadMoneyOf, mayReadPayment } from './access.ts';
import { Order, Vendor, VendorOrder } from './extensions.type.ts';
import { Payment, toPaymentType } from './payment.type.ts';
import type { PaymentsContext } from './payments-context.ts';
import {
  PayoutAccount,
  toPayoutAccountType,
  toSettlementType,
  VendorBalance,
  VendorSettlement,
} from './settlement.type.ts';

@Resolver(() => Order)
export class OrderPaymentResolver {
  @FieldResolver(() => Payment, {
    nullable: true,
    description: 'How it is paid. Null for whoever may not know, its vendors included.',
  })
  async payment(@Root() order: Order, @Ctx() { loaders, viewer }: PaymentsContext): Promise<Payment | null> {
    const row = await loaders.paymentOfOrder.load(order.id);
    return row && mayReadPayment(viewer, row) ? toPaymentType(row) : null;
  }
}

@Resolver(() => VendorOrder)
export class VendorOrderSettlementResolver {
  @FieldResolver(() => VendorSettlement, {
    nullable: true,
    description: "The vendor's money for it. Null for everybody else.",
  })
  async settlement(
    @Root() vendorOrder: VendorOrder,
    @Ctx() { loaders, viewer }: PaymentsContext,
  ): Promise<VendorSettlement | null> {
    const row = await loaders.settlementOf.load(vendorOrder.id);
    return row && mayReadMoneyOf(viewer, row.vendorId) ? toSettlementType(row) : null;
  }
}

@Resolver(() => Vendor)
export class VendorMoneyResolver {
  @FieldResolver(() => PayoutAccount, {
    nullable: true,
    description: 'Where the vendor is paid. Null for everybody else.',
  })
  async payoutAccount(
    @Root() vendor: Vendor,
    @Ctx() { loaders, viewer }: PaymentsContext,
  ): Promise<PayoutAccount | null> {
    if (!mayReadMoneyOf(viewer, vendor.id)) return null;
    const row = await loaders.payoutAccountOf.load(vendor.id);
    return row && toPayoutAccountType(row);
  }

  @FieldResolver(() => VendorBalance, {
    nullable: true,
    description: "The vendor's money with the platform. Null for everybody else.",
  })
  async balance(
    @Root() vendor: Vendor,
    @Arg('currencyCode', () => CurrencyCode, {
      nullable: true,
      description: 'Omitted: the currency of the newest sale; then null while there is none.',
    })
    currencyCode: string | null | undefined,
    @Ctx() { loaders, viewer }: PaymentsContext,
  ): Promise<VendorBalance | null> {
    if (!mayReadMoneyOf(viewer, vendor.id)) return null;
    const totals = await loaders.totalsOf.load(vendor.id);
    const newestFirst = totals.toSorted((a, b) => b.newestAt.getTime() - a.newestAt.getTime());
    const found = currencyCode ? totals.find(({ currency }) => currency === currencyCode) : newestFirst[0];
    const currency = currencyCode ?? found?.currency;
    return currency
      ? balanceOf(currency, found?.netByStatus ?? {}, { owed: found?.owed ?? 0, paidOut: found?.paidOut ?? 0 })
      : null;
  }
}
