/** The day of a shop in twelve parts of two hours, by the clock of the one who watches. */
export const PARTS = 12;
const HOURS_OF_A_PART = 24 / PARTS;

export interface TimeRange {
  from: string;
  to: string;
}

export interface Money {
  amount: number;
  currencyCode: string;
}

export interface PartSales {
  orderCount: number;
  grossSales: Money;
}

export interface DaySales extends PartSales {
  unitsSold: number;
}

/** Sales as the graph counts them. Events only say that it is time to ask again. */
export interface SalesOfDay {
  day: DaySales;
  parts: readonly PartSales[];
  /** The part that is now. */
  current: number;
}

export const partAt = (now: Date): number => Math.floor(now.getHours() / HOURS_OF_A_PART);

export function rangeOfDay(now: Date): TimeRange {
  return { from: hourOf(now, 0), to: hourOf(now, 24) };
}

/** Where clocks are changed a part is an hour longer or shorter; together they are always the day. */
export function rangeOfPart(now: Date, part: number): TimeRange {
  return { from: hourOf(now, part * HOURS_OF_A_PART), to: hourOf(now, (part + 1) * HOURS_OF_A_PART) };
}

export function untilTomorrowMs(now: Date): number {
  return Date.parse(hourOf(now, 24)) - now.getTime();
}

function hourOf(now: Date, hour: number): string {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate(), hour).toISOString();
}

const twoDigits = (hour: number) => String(hour).padStart(2, '0');

export function hoursOf(part: number): string {
  return `${twoDigits(part * HOURS_OF_A_PART)}–${twoDigits((part + 1) * HOURS_OF_A_PART)}`;
}

/** Minor units as people write them, for instance €25.00. */
export function formatMoney({ amount, currencyCode }: Money, language?: string): string {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency: currencyCode });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  // Decimal text, not a division: minor units are exact, and stay so.
  const sign = amount < 0 ? '-' : '';
  const text = String(Math.abs(amount)).padStart(digits + 1, '0');
  const decimal = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return format.format(`${sign}${decimal}` as Intl.StringNumericLiteral);
}

/** The chart in words. */
export function chartText({ day, parts }: SalesOfDay, language?: string): string {
  const sold = parts
    .map((sales, part) => ({ ...sales, part }))
    .filter(({ orderCount }) => orderCount > 0)
    .map(({ part, grossSales, orderCount }) => {
      const orders = orderCount === 1 ? '1 order' : `${orderCount} orders`;
      return `${hoursOf(part)} h ${formatMoney(grossSales, language)} from ${orders}`;
    });
  if (sold.length === 0) return 'Sales today, every two hours: none yet.';
  return `Sales today, every two hours: ${sold.join('; ')}. In all ${formatMoney(day.grossSales, language)}.`;
}
