import { settingsOf } from '@marketgraph/platform/config';
import { runProcess } from '@marketgraph/platform/serve';
import { createLogger } from '@marketgraph/platform/telemetry';
import { startMonolith } from './monolith.ts';

const settings = settingsOf('', process.env);
const log = createLogger({
  service: 'monolith',
  level: settings.optional('LOG_LEVEL') ?? 'info',
  pretty: settings.flag('LOG_PRETTY'),
  file: settings.optional('LOG_FILE'),
});

await runProcess(log, async () => {
  const monolith = await startMonolith({ env: process.env, log });
  log.info({ url: monolith.url }, 'ready');
  return monolith;
});
