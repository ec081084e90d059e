import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Settings } from '../config/config.ts';
import type { Logger } from '../telemetry/telemetry.ts';
import { beginTracing, endTracing } from './span.ts';

export interface Tracing {
  /** Gives what is left to whoever gets it, at most for some seconds. */
  stop(): Promise<void>;
}

/** Spans wait here for whoever gets them; what does not fit is dropped rather than held in memory. */
const QUEUE = { maxQueueSize: 8_192, maxExportBatchSize: 512, exportTimeoutMillis: 5_000 };
const FILE_DELAY_MS = 200;
const OTLP_DELAY_MS = 2_000;
const LIMITS = { attributeCountLimit: 24, attributeValueLengthLimit: 400, eventCountLimit: 4, linkCountLimit: 4 };

/**
 * Traces go to `TRACE_FILE`, or to a collector as OpenTelemetry's own variables say (`OTEL_EXPORTER_OTLP_ENDPOINT` …);
 * with neither nothing is loaded and nothing is made. `OTEL_TRACES_SAMPLER_ARG` (1) is the share of them that is kept,
 * besides those with errors.
 */
export async function startTracing(settings: Settings, service: string, log: Logger): Promise<Tracing> {
  const file = settings.optional('TRACE_FILE');
  const collector =
    settings.optional('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? settings.optional('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (file === undefined && collector === undefined) return { stop: async () => undefined };
  const share = shareOf(settings.optional('OTEL_TRACES_SAMPLER_ARG'));

  // Loaded only now: a process that traces nothing does not pay for it.
  const { context, trace } = await import('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const sdk = await import('@opentelemetry/sdk-trace');
  const { keepingErrors } = await import('./keep-errors.ts');

  const processorOf = (exporter: SpanExporter, scheduledDelayMillis: number) =>
    keepingErrors(new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis, ...QUEUE }));
  const processors = [];
  if (file !== undefined) {
    const { fileExporter } = await import('./file-exporter.ts');
    processors.push(processorOf(fileExporter(file), FILE_DELAY_MS));
  }
  if (collector !== undefined) {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
    processors.push(processorOf(new OTLPTraceExporter(), OTLP_DELAY_MS));
  }
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'marketgraph' }),
    sampler: sdk.createAlwaysRecordSampler(
      new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(share) }),
    ),
    spanLimits: LIMITS,
    spanProcessors: processors,
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  beginTracing();
  log.info({ file, collector: collector && new URL(collector).host, share }, 'traces');
  return {
    async stop() {
      endTracing();
      await provider.shutdown().catch((error: unknown) => log.warn({ err: error }, 'the last spans are lost'));
      trace.disable();
      context.disable();
    },
  };
}

function shareOf(setting: string | undefined): number {
  const share = setting === undefined ? 1 : Number(setting);
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not "${setting}".`);
  }
  return share;
}
