import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One line of a counter. Held by who counts, so that counting looks nothing up. */
export interface Count {
  inc(by?: number): void;
}

export interface Observation {
  observe(value: number): void;
}

export interface MetricOptions {
  /** As Prometheus names it: `graphql_ws_closed_total`, `checkout_saga_step_duration_seconds`. */
  name: string;
  help: string;
  /** Names of labels. Their values are few and known: never an id, never what a client wrote. */
  labels?: readonly string[];
}

export interface CounterFamily {
  /** The line of these label values, always the same one for the same values. */
  of(...labels: readonly string[]): Count;
}

export interface HistogramFamily {
  of(...labels: readonly string[]): Observation;
}

/** A gauge is read when somebody looks: one number, or one for each combination of label values. */
export type GaugeReader = () => number | Iterable<readonly [labels: readonly string[], value: number]>;

/**
 * What one process counts. A name asked for twice is the same metric, so parts of a process need not know of each
 * other; a gauge with several readers is their sum.
 */
export interface Metrics {
  counter(options: MetricOptions): CounterFamily;
  gauge(options: MetricOptions, read: GaugeReader): void;
  histogram(options: MetricOptions & { buckets?: readonly number[] }): HistogramFamily;
  /**
   * Asked for before anything is told, so that gauges of what a store knows cost nothing while nobody looks. What does
   * not answer within a second does not hold up the rest. Resolved by `undo`: it is asked no more.
   */
  beforeText(look: () => Promise<void>): { undo(): void };
  /** The text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Lines of one metric; what is beyond is counted under `other`, so that no label can fill the memory. */
const MAX_LINES = 200;
const OTHER = 'other';
/** Whoever collects gives up after some seconds. */
const LOOK_MS = 1_000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** With `process`: memory, CPU, handles and the lag of the event loop too. */
export function createMetrics(options: { process?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  const counters = new Map<string, CounterFamily>();
  const histograms = new Map<string, HistogramFamily>();
  const readers = new Map<string, GaugeReader[]>();
  const looks = new Set<() => Promise<void>>();

  return {
    counter: (metric) => once(counters, metric, () => counterFamily(metric, registry)),
    histogram: (metric) => once(histograms, metric, () => histogramFamily(metric, registry)),
    gauge(metric, read) {
      once(readers, metric, () => gaugeReaders(metric, registry)).push(read);
    },
    beforeText(look) {
      looks.add(look);
      return { undo: () => void looks.delete(look) };
    },
    async text() {
      await atMost(LOOK_MS, Promise.allSettled([...looks].map((look) => look())));
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    work,
    new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
}

function once<Family>(known: Map<string, Family>, { name }: MetricOptions, create: () => Family): Family {
  let family = known.get(name);
  if (!family) known.set(name, (family = create()));
  return family;
}

function counterFamily({ name, help, labels = [] }: MetricOptions, registry: Registry): CounterFamily {
  const line = (values: readonly string[]) => ({
    values,
    count: 0,
    inc(by = 1) {
      this.count += by;
    },
  });
  const lines = new Map<string, ReturnType<typeof line>>();
  const counter = new Counter({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const { values, count } of lines.values()) this.labels(...values).inc(count);
    },
  });
  registry.registerMetric(counter);
  return { of: bounded(name, labels, lines, line) };
}

function histogramFamily(
  { name, help, labels = [], buckets = SECONDS }: MetricOptions & { buckets?: readonly number[] },
  registry: Registry,
): HistogramFamily {
  const histogram = new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
  return { of: bounded(name, labels, new Map<string, Observation>(), (values) => histogram.labels(...values)) };
}

function gaugeReaders({ name, help, labels = [] }: MetricOptions, registry: Registry): GaugeReader[] {
  const readers: GaugeReader[] = [];
  const gauge = new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      const lines = new Map<string, { values: readonly string[]; sum: number }>();
      const lineOf = bounded(name, labels, lines, (values) => ({ values, sum: 0 }));
      for (const read of readers) {
        const found = read();
        for (const [values, value] of typeof found === 'number' ? [[[], found] as const] : found) {
          lineOf(...values).sum += value;
        }
      }
      for (const { values, sum } of lines.values()) this.labels(...values).set(sum);
    },
  });
  registry.registerMetric(gauge);
  return readers;
}

function bounded<Line>(
  name: string,
  labels: readonly string[],
  lines: Map<string, Line>,
  create: (values: readonly string[]) => Line,
): (...values: readonly string[]) => Line {
  const lineOf = (...values: readonly string[]): Line => {
    if (values.length !== labels.length) {
      throw new Error(`${name} has the labels (${labels.join(', ')}) and was given ${values.length} values.`);
    }
    const key = values.join('\n');
    const known = lines.get(key);
    if (known) return known;
    if (lines.size >= MAX_LINES && values.some((value) => value !== OTHER)) return lineOf(...values.map(() => OTHER));
    const line = create(values);
    lines.set(key, line);
    return line;
  };
  return lineOf;
}
