import { isEnded } from '../../subgraphs/orders/src/domain/checkout.ts';
import { fold } from '../../subgraphs/orders/src/domain/order.ts';
import { normalSide } from '../../subgraphs/payments/src/domain/ledger.ts';
import type { Told } from './buyers.ts';
import { levelKey } from './world/inventory-tables.ts';
import type { World } from './world/world.ts';

/** A promise that was broken: which, and what was found. */
export interface Violation {
  promise: string;
  found: string;
}

/** What one schedule must keep from its first step to its last. */
export class Invariants {
  readonly violations: Violation[] = [];
  readonly #endedAs = new Map<string, string>();

  constructor(
    readonly world: World,
    readonly stock: ReadonlyMap<string, number>,
  ) {
    world.inventory.database.onCommit = () => this.#stockAddsUp();
    world.orders.database.onCommit = () => this.#endedStaysEnded();
    world.provider.onCapture = ({ orderId, paymentId, captures }) => {
      this.#expect(captures === 1, 'captured at most once', `${paymentId}: ${captures} times`);
      const taken = [...world.provider.intents.values()].filter(
        (kept) => kept.orderId === orderId && kept.captures > 0,
      );
      this.#expect(taken.length === 1, 'one captured payment per order', `${orderId}: ${taken.length}`);
      const reservation = this.#reservationOf(orderId);
      const isConfirmed = reservation?.status === 'CONFIRMED';
      this.#expect(isConfirmed, 'captured only while its stock is confirmed', `${orderId}: ${reservation?.status}`);
    };
  }

  /** Whether everything a fault began has come to its end. */
  isSettled(): boolean {
    return this.unsettled().length === 0;
  }

  /** What still waits for something; after the faults it must become nothing. */
  unsettled(): string[] {
    const { orders, inventory, payments, provider, bus } = this.world;
    const waiting: string[] = [];
    for (const { orderId, state } of orders.tables.checkouts.rows.values()) {
      if (!isEnded(state)) waiting.push(`checkout ${orderId} is ${state.status}`);
    }
    for (const { id, status } of inventory.tables.reservations.rows.values()) {
      if (status === 'ACTIVE') waiting.push(`reservation ${id} is ACTIVE`);
    }
    for (const { intent, paymentId } of provider.intents.values()) {
      if (intent.status === 'requires_capture') waiting.push(`${intent.reference} of ${paymentId} is held`);
    }
    for (const { id, capturedAmount, feeAmount } of payments.tables.payments.rows.values()) {
      if (capturedAmount > 0 && feeAmount == null) waiting.push(`the fee of payment ${id} is not booked`);
    }
    for (const { id, settlePlan, settledAt, status } of payments.tables.payments.rows.values()) {
      // A plan that stays on a payment that was voided is owed to nobody.
      if (settlePlan && !settledAt && status !== 'VOIDED') waiting.push(`payment ${id} is ${status} and not settled`);
    }
    for (const { tables } of [orders, inventory, payments]) {
      for (const row of tables.outbox.rows.values()) if (!row.isPublished) waiting.push(`${row.name} is not published`);
    }
    for (const event of payments.tables.webhooks.rows.values()) {
      if (event.status === 'PENDING') waiting.push(`webhook ${event.eventId} is not handled`);
    }
    if (provider.undelivered > 0) waiting.push('a webhook is on its way');
    if (!bus.isIdle()) waiting.push('an event is on its way');
    return waiting;
  }

  /** At rest, when nothing waits any more. */
  checkAtRest(told: readonly Told[]): void {
    this.#stockAddsUp();
    this.#noOversell();
    this.#ordersAgree();
    this.#moneyAddsUp();
    this.#eventsOnce();
    for (const { ordersByKey, confirmed } of told) {
      for (const [key, orderIds] of ordersByKey) {
        this.#expect(orderIds.size === 1, 'one key, one order', `${key}: ${[...orderIds].join(', ')}`);
      }
      for (const orderId of confirmed) {
        const status = this.world.orders.tables.orders.rows.get(orderId)?.status;
        this.#expect(status === 'CONFIRMED', 'what a buyer was told stays true', `${orderId} is ${status}`);
      }
    }
  }

  #expect(holds: boolean, promise: string, found: string): void {
    if (holds || this.violations.some((known) => known.promise === promise)) return;
    this.world.say(`VIOLATION ${promise}: ${found}`);
    this.violations.push({ promise, found });
  }

  #reservationOf(orderId: string) {
    return [...this.world.inventory.tables.reservations.rows.values()].find((row) => row.requestKey === orderId);
  }

  #stockAddsUp(): void {
    const { levels, movements, reservations, lines } = this.world.inventory.tables;
    const sums = new Map<string, { onHand: number; reserved: number }>();
    for (const movement of movements.rows.values()) {
      const sum = sums.get(levelKey(movement)) ?? { onHand: 0, reserved: 0 };
      sum.onHand += movement.onHandDelta;
      sum.reserved += movement.reservedDelta;
      sums.set(levelKey(movement), sum);
    }
    const held = new Map<string, number>();
    for (const line of lines.rows.values()) {
      if (reservations.rows.get(line.reservationId)?.status !== 'ACTIVE') continue;
      held.set(levelKey(line), (held.get(levelKey(line)) ?? 0) + line.quantity);
    }
    for (const level of levels.rows.values()) {
      const key = levelKey(level);
      const { onHand, reserved } = level;
      const shown = `${key}: ${reserved} reserved of ${onHand}`;
      this.#expect(reserved >= 0 && onHand >= reserved, 'a level holds what is reserved of it', shown);
      const sum = sums.get(key);
      const agrees = onHand === sum?.onHand && reserved === sum?.reserved;
      this.#expect(agrees, 'levels are the sum of their movements', `${shown}, movements ${JSON.stringify(sum)}`);
      const units = held.get(key) ?? 0;
      this.#expect(reserved === units, 'reserved is the sum of active reservations', `${shown}, active ${units}`);
    }
  }

  #endedStaysEnded(): void {
    for (const { orderId, state } of this.world.orders.tables.checkouts.rows.values()) {
      const before = this.#endedAs.get(orderId);
      if (before) this.#expect(before === state.status, 'one terminal state', `${orderId}: ${before}, ${state.status}`);
      else if (isEnded(state)) this.#endedAs.set(orderId, state.status);
    }
  }

  #noOversell(): void {
    const { orders, inventory, provider } = this.world;
    const left = new Map<string, number>();
    for (const { offerId, onHand } of inventory.tables.levels.rows.values()) {
      left.set(offerId, (left.get(offerId) ?? 0) + onHand);
    }
    const sold = new Map<string, number>();
    for (const { orderId, captures } of provider.intents.values()) {
      const order = captures > 0 ? orders.tables.orders.rows.get(orderId) : undefined;
      for (const line of order?.draft.vendorOrders.flatMap((part) => part.lines) ?? []) {
        for (const id of line.dealId ? [line.offerId, line.dealId] : [line.offerId]) {
          sold.set(id, (sold.get(id) ?? 0) + line.quantity);
        }
      }
    }
    for (const [offerId, units] of this.stock) {
      const paid = sold.get(offerId) ?? 0;
      const shown = `${offerId}: ${paid} paid, ${left.get(offerId)} left of ${units}`;
      this.#expect(paid <= units, 'never more paid than there was', shown);
      this.#expect(paid + (left.get(offerId) ?? 0) === units, 'what is not paid is still there', shown);
    }
  }

  /** Order, saga, reservation, payment and cart of one purchase tell the same story. */
  #ordersAgree(): void {
    const { orders, payments, provider, carts } = this.world;
    const facts = [...orders.tables.history.rows.values()].toSorted((a, b) => a.sequence - b.sequence);
    for (const { orderId, cartId, state } of orders.tables.checkouts.rows.values()) {
      const order = orders.tables.orders.rows.get(orderId);
      const intents = [...provider.intents.values()].filter((kept) => kept.orderId === orderId);
      const received = intents.reduce((sum, { intent }) => sum + intent.received.amount, 0);
      const reservation = this.#reservationOf(orderId)?.status ?? 'none';
      const rows = [...payments.tables.payments.rows.values()].filter((row) => row.orderId === orderId);
      const shown = `${orderId}: saga ${state.status}, order ${order?.status}, stock ${reservation}, received ${received}, payment ${rows[0]?.status}`;
      this.#expect(rows.length <= 1, 'one payment per order', `${orderId}: ${rows.length}`);
      if (state.status === 'COMPLETED') {
        const isPaid = order?.status === 'CONFIRMED' && order.paymentStatus === 'PAID' && order.number !== null;
        const isWhole = isPaid && reservation === 'CONFIRMED' && received === order.draft.total.amount;
        this.#expect(isWhole && rows[0]?.status === 'CAPTURED', 'a completed purchase is complete everywhere', shown);
        this.#expect(
          carts.documents.get(cartId)?.status === 'CLOSED',
          'a bought cart is closed',
          `${orderId}: ${cartId}`,
        );
      } else {
        const isGone = received === 0 && !['ACTIVE', 'CONFIRMED'].includes(reservation);
        const isFailed = order ? order.status === 'FAILED' : true;
        this.#expect(isGone && isFailed, 'a failed purchase leaves nothing held and nothing taken', shown);
        const isEndedPayment = !rows[0] || ['VOIDED', 'FAILED'].includes(rows[0].status);
        this.#expect(isEndedPayment, 'the payment of a failed purchase has ended', shown);
      }
      if (!order) continue;
      const folded = fold(facts.filter((entry) => entry.orderId === orderId).map(({ fact }) => fact));
      const agrees = folded.status === order.status && folded.paymentStatus === order.paymentStatus;
      this.#expect(agrees, 'an order is the fold of its history', `${shown}, fold ${folded.status}`);
      const placed = facts.filter(({ fact }) => fact.type === 'ORDER_STATUS' && fact.subjectId === orderId);
      this.#expect(placed.length === 2, 'an order is placed once and ends once', `${orderId}: ${placed.length} moves`);
    }
  }

  #moneyAddsUp(): void {
    const { payments, provider } = this.world;
    const { journals, accounts, settlements } = payments.tables;
    const balances = new Map<string, number>();
    for (const { fact, postings } of journals.rows.values()) {
      let sum = 0;
      for (const { account, direction, amount } of postings) {
        sum += direction === 'DEBIT' ? amount.amount : -amount.amount;
        const name = `${account.kind}:${account.currencyCode}:${account.ownerId}`;
        const change = direction === normalSide[account.kind] ? amount.amount : -amount.amount;
        balances.set(name, (balances.get(name) ?? 0) + change);
      }
      this.#expect(sum === 0, 'each journal sums to zero', `${fact}: ${sum}`);
    }
    for (const [name, { balance }] of accounts.rows) {
      this.#expect(balance === balances.get(name), 'balances are the fold of the entries', `${name}: ${balance}`);
    }
    const received = [...provider.intents.values()].reduce((sum, { intent }) => sum + intent.received.amount, 0);
    const fees = [...provider.intents.values()].reduce((sum, { intent }) => sum + (intent.fee?.amount ?? 0), 0);
    const cash = balances.get('PLATFORM_CASH:EUR:') ?? 0;
    const kept = balances.get('FEES:EUR:') ?? 0;
    this.#expect(kept === fees, 'each fee of the provider is booked once', `${kept} booked, ${fees} kept`);
    this.#expect(
      cash === received - fees,
      'the books hold what the provider took',
      `${cash} booked, ${received} taken`,
    );
    const settled = [...settlements.rows.values()];
    const gross = settled.reduce((sum, row) => sum + row.gross, 0);
    this.#expect(gross === received, 'each captured cent is settled once', `${gross} settled, ${received} taken`);
    for (const { id, gross: whole, commission, commissionTax, net } of settled) {
      const parts = commission + commissionTax + net;
      this.#expect(parts === whole, 'a settlement is the sum of its parts', `${id}: ${parts} of ${whole}`);
    }
  }

  /** At least once on the way, once in effect, and numbered without holes where consumers rely on it. */
  #eventsOnce(): void {
    const { orders, inventory, payments, bus } = this.world;
    const published = new Set([...bus.streams.values()].flat().map(({ id }) => id));
    for (const { tables } of [orders, inventory, payments]) {
      for (const [name, { count }] of tables.effects.rows) {
        this.#expect(count === 1, 'an event has its effect once', `${name}: ${count} times`);
      }
      for (const { eventId, name } of tables.outbox.rows.values()) {
        this.#expect(published.has(eventId), 'every event is published', `${name} ${eventId}`);
      }
      const last = new Map<string, number>();
      for (const row of [...tables.outbox.rows.values()].toSorted((a, b) => a.position - b.position)) {
        const of = `${row.name}/${row.key}`;
        const before = last.get(of);
        this.#expect(
          before === undefined || row.sequence > before,
          'events of one thing are in order',
          `${of}: ${before}, ${row.sequence}`,
        );
        last.set(of, row.sequence);
      }
    }
  }
}
