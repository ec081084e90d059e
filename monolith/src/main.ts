import { settingsOf } from '@marketgraph/platform/config';
import { runProcess } from '@marketgraph/platform/serve';
import { processLogger, startMetrics } from '@marketgraph/platform/telemetry';
import { startTracing } from '@marketgraph/platform/tracing';
import { startMonolith } from './monolith.ts';

const settings = settingsOf('', process.env);
const log = processLogger(settings, 'monolith');

await runProcess(log, async () => {
  const tracing = await startTracing(settings, 'monolith', log);
  const { metrics, stop: stopMetrics } = await startMetrics(settings, log);
  const monolith = await startMonolith({ env: process.env, log, metrics });
  log.info({ url: monolith.url }, 'ready');
  return {
    async stop() {
      await monolith.stop();
      await stopMetrics();
      await tracing.stop();
    },
  };
});
