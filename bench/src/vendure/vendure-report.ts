import { type CpuParts, medianCpu } from '../measure/cpu-parts.ts';
import type { Figure, Report } from '../measure/report.ts';
import { median, rounded } from '../measure/statistics.ts';
import type { IdleRound, OrderRound, SaleRound, System } from './market.ts';

/** What runs wherever the system does. Stand-ins for servers elsewhere are ours alone, and told apart. */
export const needsMs = ({ node, postgres, redis }: CpuParts): number => node + postgres + redis;
const withStandIns = (cpu: CpuParts): number => needsMs(cpu) + cpu.emulators;

/** Less is less; how much less is not promised. */
const LESS_CPU = 1;
const SOLD_LIMIT = 1;
const SYSTEMS: readonly System[] = ['ours', 'Vendure'];

type OrderMedian = Omit<OrderRound, 'orders'>;

/** Two systems side by side; what there are no rounds of has no figures. */
export function reportBeside({
  idle,
  orders,
  sales,
  notes,
  options,
}: {
  idle: readonly IdleRound[];
  orders: readonly OrderRound[];
  sales: readonly SaleRound[];
  notes: readonly string[];
  /** As they were asked for. */
  options: object;
}): Report {
  const crowds = [...new Set(orders.map(({ buyers }) => buyers))];
  const medians = crowds.flatMap((buyers) => SYSTEMS.map((system) => medianOf(orders, { system, buyers })));
  return {
    name: 'vendure',
    figures: [...crowds.flatMap((buyers) => lessCpu(orders, buyers)), ...sales.flatMap(soldFigure)],
    tables: [ordersTable(medians), idleTable(idle), salesTable(sales)].filter(({ rows }) => rows.length > 0),
    notes: [...notes, ...sales.flatMap(oversold)],
    details: { options: { ...options, say: undefined }, idle, orders, sales },
  };
}

function medianOf(
  rounds: readonly OrderRound[],
  { system, buyers }: Pick<OrderRound, 'system' | 'buyers'>,
): OrderMedian {
  const own = rounds.filter((round) => round.system === system && round.buyers === buyers);
  const of = (pick: (round: OrderRound) => number) => median(own.map(pick));
  return {
    ...{ system, buyers },
    ordersPerSecond: of((round) => round.ordersPerSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMs: medianCpu(own.map(({ cpuMs }) => cpuMs)),
  };
}

function lessCpu(orders: readonly OrderRound[], buyers: number): Figure[] {
  const rounds = (system: System) => orders.filter((round) => round.system === system && round.buyers === buyers);
  const [ours, theirs] = [rounds('ours'), rounds('Vendure')];
  // Each round of ours has one of theirs beside it, when the machine had as much else to do.
  const figure = (name: string, of: (cpu: CpuParts) => number): Figure => ({
    ...{ name, unit: '×', limit: LESS_CPU, want: 'at least' },
    value: rounded(median(ours.map(({ cpuMs }, at) => of(theirs[at]!.cpuMs) / of(cpuMs))), 2),
  });
  const name = `less CPU per order than Vendure, ${buyers} at a time`;
  return [figure(name, needsMs), figure(`${name}, our stand-ins included`, withStandIns)];
}

/** Only ours is promised. */
function soldFigure({ system, mode, sold, units }: SaleRound): Figure[] {
  if (system !== 'ours') return [];
  return [
    {
      ...{ name: `${mode} sale: sold in the databases ÷ units there were`, unit: '×', limit: SOLD_LIMIT },
      ...{ value: rounded(sold / units, 2), want: 'at most' },
    },
  ];
}

function oversold({ system, mode, sold, units, confirmed }: SaleRound): string[] {
  if (sold <= units) return [];
  return [
    `${system} sold ${sold} of ${units} units in the ${mode} sale: ${confirmed} buyers were told that their order is paid.`,
  ];
}

function ordersTable(medians: readonly OrderMedian[]): Report['tables'][number] {
  return {
    title: 'CPU in ms per order, medians of alternating rounds; stand-ins are not counted',
    rows: medians.map(({ system, buyers, cpuMs, ordersPerSecond, p50Ms, p99Ms }) => ({
      system,
      buyers,
      ...partsOf(cpuMs),
      'orders/s': ordersPerSecond.toFixed(1),
      'p50 ms': p50Ms.toFixed(0),
      'p99 ms': p99Ms.toFixed(0),
    })),
  };
}

function idleTable(idle: readonly IdleRound[]): Report['tables'][number] {
  return {
    title: 'CPU in ms a second while nobody asks for anything; it is in the figures',
    rows: idle.map(({ system, cpuMs }) => ({ system, ...partsOf(cpuMs) })),
  };
}

const partsOf = (cpuMs: CpuParts) => ({
  counted: needsMs(cpuMs).toFixed(1),
  node: cpuMs.node.toFixed(1),
  postgres: cpuMs.postgres.toFixed(1),
  redis: cpuMs.redis.toFixed(1),
  'stand-ins': cpuMs.emulators.toFixed(1),
});

function salesTable(sales: readonly SaleRound[]): Report['tables'][number] {
  return {
    title: `${sales[0]?.buyers} buyers, ${sales[0]?.units} units of one offer, everybody at once; CPU in ms per buyer`,
    rows: sales.map((sale) => ({
      system: sale.system,
      sale: sale.mode,
      sold: sale.sold,
      'sold ÷ units': (sale.sold / sale.units).toFixed(2),
      'on hand': sale.onHand,
      'set aside': sale.setAside,
      'told paid': sale.confirmed,
      'told sold out': sale.soldOut,
      'told an error': sale.surprises.length,
      seconds: sale.seconds.toFixed(1),
      'sold out after, p95 ms': sale.toldP95Ms === undefined ? '' : Math.round(sale.toldP95Ms),
      'CPU per buyer': needsMs(sale.cpuMs).toFixed(1),
    })),
  };
}
