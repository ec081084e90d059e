import { chartText, formatMoney, hoursOf, PARTS, type SalesOfDay } from './day-sales.ts';
import { byId, element, svg } from './element.ts';

const total = byId('sales-total', HTMLElement);
const orders = byId('sales-orders', HTMLElement);
const units = byId('sales-units', HTMLElement);
const chart = byId('chart', HTMLElement);
const table = byId('sales-table', HTMLElement);

const HEIGHT = 170;
/** Room for the hours below and for the highest amount above. */
const LABELS = 22;
const TOP = 22;
/** Units of the drawing; it is scaled to the card. */
const WIDE = 900;
const NARROW = 330;

/** The drawing has another width on a phone: scaled down, its labels could not be read. */
const phone = matchMedia('(max-width: 36rem)');
let shown: SalesOfDay | undefined;
phone.addEventListener('change', () => {
  if (shown) showSales(shown);
});

export function showSales(sales: SalesOfDay): void {
  shown = sales;
  total.textContent = formatMoney(sales.day.grossSales);
  orders.textContent = sales.day.orderCount.toLocaleString();
  units.textContent = sales.day.unitsSold.toLocaleString();
  chart.replaceChildren(drawn(sales, phone.matches ? NARROW : WIDE));
  const rows = sales.parts.map(({ orderCount, grossSales }, part) => {
    const hours = element('th', '', hoursOf(part));
    hours.scope = 'row';
    return element(
      'tr',
      '',
      hours,
      element('td', 'number', orderCount.toLocaleString()),
      element('td', 'number', formatMoney(grossSales)),
    );
  });
  table.replaceChildren(...rows);
}

function drawn(sales: SalesOfDay, width: number): SVGElement {
  const highest = Math.max(...sales.parts.map(({ grossSales }) => grossSales.amount), 1);
  const base = HEIGHT - LABELS;
  const step = width / PARTS;
  const gap = step * 0.28;
  const bars = sales.parts.flatMap(({ grossSales }, part) => {
    // A sale is seen, however small beside the others.
    const height = grossSales.amount > 0 ? Math.max((grossSales.amount / highest) * (base - TOP), 3) : 0;
    const bar = svg('rect', {
      x: part * step + gap / 2,
      y: base - height,
      width: step - gap,
      height,
      rx: 3,
      class: part === sales.current ? 'now' : '',
    });
    const label = svg(
      'text',
      { x: part * step + step / 2, y: HEIGHT - 5, 'text-anchor': 'middle' },
      hoursOf(part).slice(0, 2),
    );
    // Every second label has room on a phone.
    return width === NARROW && part % 2 === 1 ? [bar] : [bar, label];
  });
  return svg(
    'svg',
    {
      class: width === NARROW ? 'chart narrow' : 'chart',
      viewBox: `0 0 ${width} ${HEIGHT}`,
      role: 'img',
      'aria-label': chartText(sales),
    },
    svg('line', { x1: 0, y1: base + 0.5, x2: width, y2: base + 0.5 }),
    ...scale(sales, width),
    ...bars,
  );
}

/** What the highest bar stands for. */
function scale({ day, parts }: SalesOfDay, width: number): SVGElement[] {
  const amount = Math.max(...parts.map(({ grossSales }) => grossSales.amount));
  if (amount <= 0) return [];
  const money = formatMoney({ ...day.grossSales, amount });
  return [
    svg('line', { class: 'top', x1: 0, y1: TOP - 0.5, x2: width, y2: TOP - 0.5 }),
    svg('text', { x: 0, y: TOP - 7 }, money),
  ];
}
