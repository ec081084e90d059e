import type { Report } from '../measure/report.ts';
import { median, rounded } from '../measure/statistics.ts';
import type { FanOutResult, Stretch } from './fanout-bench.ts';

const BARE = 'bare ws';

/** Medians of rounds beside what they should be. */
export function fanOutReport(result: FanOutResult): Report {
  const { clients, closed, open, bare, groups, idleBytesPerSocket, rssMegabytes, bytesPerMessage } = result;
  const of = (stretches: readonly Stretch[], pick: (stretch: Stretch) => number) => median(stretches.map(pick));
  // Round by round: what disturbed one of the two a moment ago disturbed the other as well.
  const besideBare = median(closed.map((one, round) => one.deliveriesPerSecond / bare[round]!.deliveriesPerSecond));
  const cpuUs = of(closed, ({ cpuUsPerDelivery }) => cpuUsPerDelivery);
  const p99Ms = of(open, ({ p99Ms }) => p99Ms);
  const row = (server: string, stretches: readonly Stretch[]) => ({
    server,
    'deliveries/s': Math.round(of(stretches, ({ deliveriesPerSecond }) => deliveriesPerSecond)),
    'CPU µs/delivery': of(stretches, ({ cpuUsPerDelivery }) => cpuUsPerDelivery).toFixed(1),
    'p50 ms': of(stretches, ({ p50Ms }) => p50Ms).toFixed(0),
    'p99 ms': of(stretches, ({ p99Ms }) => p99Ms).toFixed(0),
  });
  return {
    name: 'fanout',
    figures: [
      {
        name: `publish → client, p99 of ${clients} clients`,
        value: rounded(p99Ms, 0),
        unit: 'ms',
        limit: 250,
        want: 'at most',
        bound: {
          of: BARE,
          value: rounded(
            of(bare, (stretch) => stretch.p99Ms),
            0,
          ),
        },
      },
      {
        ...{ name: 'gateway CPU per delivery', value: rounded(cpuUs, 1), unit: 'µs', limit: 12, want: 'at most' },
        bound: {
          of: BARE,
          value: rounded(
            of(bare, ({ cpuUsPerDelivery }) => cpuUsPerDelivery),
            1,
          ),
        },
      },
      {
        ...{ name: 'memory of an idle socket, subscribed', value: rounded(idleBytesPerSocket / 1024, 1), unit: 'KB' },
        ...{ limit: 25, want: 'at most' as const },
      },
      {
        ...{
          name: `events that concern ${groups.count} groups`,
          value: rounded(groups.eventsPerSecond, 1),
          unit: '/s',
        },
        ...{ limit: 8, want: 'at least' as const },
      },
      {
        ...{ name: 'rate beside a bare ws broadcast of the same bytes', value: rounded(besideBare, 2), unit: '×' },
        ...{ limit: 0.7, want: 'at least' as const },
      },
    ],
    tables: [
      {
        title: `One event to ${clients} clients, ${bytesPerMessage} bytes each, gateway at ${Math.round(rssMegabytes)} MB`,
        rows: [
          row('gateway, next event when all have the last', closed),
          row('gateway, events at fixed times', open),
          row('bare ws, next event when all have the last', bare),
        ],
      },
      {
        title: 'One event to subscriptions with variables of their own',
        rows: [
          {
            groups: groups.count,
            'events/s': groups.eventsPerSecond.toFixed(1),
            'runs/s': Math.round(groups.eventsPerSecond * groups.count),
            'CPU ms/run': groups.cpuMsPerRun.toFixed(3),
            'p50 ms': groups.p50Ms.toFixed(0),
            'p99 ms': groups.p99Ms.toFixed(0),
          },
        ],
      },
    ],
    details: result,
  };
}
