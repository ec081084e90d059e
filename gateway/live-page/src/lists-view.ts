import { formatMoney } from './day-sales.ts';
import { byId, element, Rows } from './element.ts';
import { type FloorOrder, type OrderBoard, unitsOf } from './order-board.ts';
import { markOf, type StockBoard, type StockMark, type StockRow, titleOf } from './stock-board.ts';

const orderRows = new Rows(byId('orders', HTMLOListElement), ({ id }) => id, orderRow);
const stockRows = new Rows(byId('stock', HTMLUListElement), ({ offer }) => offer.id, stockRow);
const noOrders = byId('no-orders', HTMLElement);
const noStock = byId('no-stock', HTMLElement);
const low = byId('stock-low', HTMLElement);

const count = (number: number, noun: string) => `${number.toLocaleString()} ${noun}${number === 1 ? '' : 's'}`;
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** The orders, and which of them have just come. */
export function showOrders(board: OrderBoard, arrived: readonly FloorOrder[]): void {
  noOrders.hidden = board.orders.length > 0;
  orderRows.show(board.orders);
  for (const { id } of arrived) orderRows.mark(id, 'fresh');
}

/** What was sold today was sold yesterday from now on, and its row says so when it is shown next. */
export function beginDay(): void {
  orderRows.forget();
}

export function showStock(board: StockBoard): void {
  const { rows } = board;
  noStock.hidden = rows.length > 0;
  low.textContent = board.needingAttention.toLocaleString();
  stockRows.show(rows);
}

/** For those who do not see the list: one sentence, however many have come. */
export function announcementOf(orders: readonly FloorOrder[]): string {
  const [only] = orders;
  if (!only) return '';
  if (orders.length > 1) return `${orders.length} new orders.`;
  return `New order ${only.number ?? ''}: ${count(unitsOf(only), 'unit')}, ${formatMoney(only.total)}.`;
}

const LABEL: Readonly<Record<StockMark, string>> = { out: 'Out of stock', low: 'Low', in: 'In stock' };

function orderRow(order: FloorOrder): HTMLElement {
  return element(
    'li',
    'row',
    element('span', 'title', nameOf(order)),
    element('span', 'amount', formatMoney(order.total)),
    element(
      'span',
      'detail',
      element('span', '', whatIn(order)),
      element('span', '', tag(words(order.status), order.status.toLowerCase()), ' ', timeOf(order)),
    ),
  );
}

function stockRow(stock: StockRow): HTMLElement {
  const mark = markOf(stock);
  const { delta } = stock;
  const moved = delta === undefined || delta === 0 ? [] : [`last change ${delta > 0 ? '+' : '−'}${Math.abs(delta)} `];
  return element(
    'li',
    'row',
    element('span', 'title', titleOf(stock)),
    element('span', 'amount', `${stock.available.toLocaleString()} left`),
    element(
      'span',
      'detail',
      element('span', '', stock.offer.sku),
      element('span', '', ...moved, tag(LABEL[mark], mark)),
    ),
  );
}

const tag = (text: string, kind: string) => element('span', `tag ${kind}`, text);

const nameOf = ({ number }: FloorOrder): string => (number ? `Order ${number}` : 'Order');

/** Titles of at most two lines; the rest is a number. */
function whatIn(order: FloorOrder): string {
  const named = order.lines.slice(0, 2).map(({ quantity, title }) => `${quantity} × ${title}`);
  const more = order.lines.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** Today's by the hour, older ones by the day. */
function timeOf({ order }: FloorOrder): HTMLElement {
  const at = new Date(order.placedAt);
  const isToday = at.toDateString() === new Date().toDateString();
  const made = element('time', '', (isToday ? timeFormat : dayFormat).format(at));
  made.dateTime = order.placedAt;
  return made;
}

function words(status: string): string {
  const text = status.toLowerCase().replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
