import type { EntityManager } from '@marketgraph/platform/postgres';
import { type Checkout, isEnded, type PaymentReport } from '../../../subgraphs/orders/src/domain/checkout.ts';
import type { OrderDraft } from '../../../subgraphs/orders/src/domain/order-draft.ts';
import type { OrderFact } from '../../../subgraphs/orders/src/domain/order.ts';
import type {
  OrderPaymentStatus,
  OrderStatus,
  VendorOrderStatus,
} from '../../../subgraphs/orders/src/domain/order-status.ts';
import { MemoryDatabase, Table } from './memory-database.ts';
import { memoryOf, type OrmModel, type Statement } from './memory-orm.ts';
import { type PlatformTables, platformStatements, platformTables } from './platform-tables.ts';
import type { Scheduler } from './scheduler.ts';

export interface CheckoutEntry {
  orderId: string;
  cartId: string;
  principal: string;
  idempotencyKey: string;
  inputHash: string;
  contentHash: string;
  state: Checkout;
  draft: OrderDraft;
  paymentId: string | null;
  attempts: number;
  nextAttemptAt: number;
  deadlineAt: number;
  createdAt: number;
  trace: string | null;
}

export interface OrderEntry {
  id: string;
  draft: OrderDraft;
  number: string | null;
  paymentId: string | null;
  status: OrderStatus;
  paymentStatus: OrderPaymentStatus;
  placedAt: number;
  confirmedAt: number | null;
  version: number;
}

export interface VendorOrderEntry {
  id: string;
  orderId: string;
  status: VendorOrderStatus;
  version: number;
}

export interface HistoryEntry {
  sequence: number;
  orderId: string;
  fact: OrderFact;
}

export interface ParkedReport {
  orderId: string;
  report: PaymentReport;
}

export interface PromotionUse {
  buyerId: string;
  promotionId: string;
  orderId: string;
  cartId: string;
}

export interface OrdersTables extends PlatformTables {
  checkouts: Table<CheckoutEntry>;
  orders: Table<OrderEntry>;
  vendorOrders: Table<VendorOrderEntry>;
  history: Table<HistoryEntry>;
  parked: Table<ParkedReport>;
  promotionUses: Table<PromotionUse>;
  /** What the lock per buyer and promotion is here. */
  promotionLocks: Table<object>;
}

export interface OrdersModel extends OrmModel {
  tables: OrdersTables;
}

export function ordersModel(scheduler: Scheduler): OrdersModel {
  const tables: OrdersTables = {
    ...platformTables(),
    checkouts: new Table('checkout', [
      { name: 'checkout_key', of: (row) => `${row.principal}/${row.idempotencyKey}` },
      { name: 'checkout_open_cart', of: (row) => (isEnded(row.state) ? null : row.cartId) },
    ]),
    orders: new Table('orders', [{ name: 'orders_number_key', of: (row) => row.number }]),
    vendorOrders: new Table('vendor_order'),
    history: new Table('order_history'),
    parked: new Table('parked_payment'),
    promotionUses: new Table('promotion_use'),
    promotionLocks: new Table('promotion_lock'),
  };
  return {
    database: new MemoryDatabase(scheduler),
    statements: [...platformStatements(tables), ...noBackups],
    entities: new Map(),
    tables,
  };
}

/** Carts of a schedule live in the model of Redis, which forgets nothing: there are no backups to find or drop. */
const noBackups: Statement[] = [
  { pattern: /^select document from cart_backup/, run: () => [] },
  { pattern: /^delete from cart_backup/, run: () => [] },
];

export function ordersTables(em: EntityManager): OrdersTables {
  // The commands of this service are given no other.
  return (memoryOf(em).model as OrdersModel).tables;
}
