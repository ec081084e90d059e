/** One metric as a process tells it. */
export interface Metric {
  type: string;
  samples: { labels: Readonly<Record<string, string>>; value: number }[];
}

/** What all these processes tell, by the name of the metric; a histogram's lines are under the name of the histogram. */
export async function readMetrics(urls: readonly string[]): Promise<Map<string, Metric>> {
  const metrics = new Map<string, Metric>();
  for (const url of urls) {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    addMetrics(metrics, await response.text());
  }
  return metrics;
}

/** Reads the text format of Prometheus, of which no label here has a comma or a quote in its value. */
export function addMetrics(metrics: Map<string, Metric>, text: string): void {
  for (const line of text.split('\n')) {
    const [, declared, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (declared && type) {
      if (!metrics.has(declared)) metrics.set(declared, { type, samples: [] });
      continue;
    }
    const [, written, pairs = '', value] = /^([a-z_:][\w:]*)(?:\{([^}]*)\})? (\S+)$/i.exec(line) ?? [];
    const metric = written && metrics.get(baseName(written, metrics));
    if (!metric) continue;
    const labels = Object.fromEntries([...pairs.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, held]) => [name!, held!]));
    metric.samples.push({ labels, value: Number(value) });
  }
}

/** `http_request_duration_seconds` of `http_request_duration_seconds_bucket`. */
export function baseName(name: string, known: ReadonlyMap<string, Metric>): string {
  const base = name.replace(/_(bucket|count|sum)$/, '');
  return known.get(base)?.type === 'histogram' ? base : name;
}

/** The sum of the lines that have these labels; of a histogram that of their counts. */
export function sumOf(metric: Metric | undefined, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels);
  return (metric?.samples ?? [])
    .filter(({ labels: has }) => wanted.every(([name, value]) => has[name] === value))
    .reduce((total, { value }) => total + value, 0);
}
