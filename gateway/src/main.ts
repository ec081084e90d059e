import type { JWK } from 'jose';
import { ConfigurationError, readTogether, refuseInProduction, settingsOf } from '@marketgraph/platform/config';
import { copyUrls, httpTransport, internalTokenSigner, runProcess } from '@marketgraph/platform/serve';
import { processLogger, startMetrics } from '@marketgraph/platform/telemetry';
import { startTracing } from '@marketgraph/platform/tracing';
import { readGatewayConfig } from './config.ts';
import { createGateway, GRAPH_SUBGRAPH } from './gateway.ts';
import { readSupergraph, subgraphNames } from './supergraph-file.ts';
import { followSupergraph } from './supergraph-follow.ts';

const settings = settingsOf('gateway', process.env);
const log = processLogger(settings, 'gateway');

await runProcess(log, async () => {
  const [config] = readTogether(
    () => readGatewayConfig(process.env),
    () => refuseInProduction('gateway', process.env, { secrets: ['INTERNAL_SIGNING_KEY'] }),
  );
  const file = settings.optional('SUPERGRAPH');
  const pollMs = settings.integer('SUPERGRAPH_POLL_MS', 5_000, { min: 100 });
  const supergraphSdl = await readSupergraph(file);
  const transport = httpTransport({
    urls: subgraphUrls(supergraphSdl),
    signer: await internalTokenSigner(signingKey()),
  });
  const tracing = await startTracing(settings, 'gateway', log);
  const { metrics, stop: stopMetrics } = await startMetrics(settings, log);
  const gateway = await createGateway({ config, transport, log, supergraphSdl, metrics });
  const { url } = await gateway.listen();
  const supergraph = followSupergraph({
    current: supergraphSdl,
    read: () => readSupergraph(file),
    reload: (sdl) => gateway.reload(sdl),
    // The one that is checked in changes with a new release; a file of its own may at any time.
    everyMs: file === undefined ? undefined : pollMs,
    log,
  });
  process.on('SIGHUP', () => void supergraph.look());
  log.info({ url }, 'ready');
  return {
    async stop() {
      supergraph.stop();
      await gateway.stop();
      await transport.close();
      await stopMetrics();
      await tracing.stop();
    },
  };
});

/** `ACCOUNTS_URL`, `CATALOG_URL` …: one for each subgraph of the composed graph, with a comma between its copies. */
function subgraphUrls(supergraphSdl: string): Record<string, string[]> {
  const { required } = settingsOf('', process.env);
  const names = subgraphNames(supergraphSdl).filter((name) => name !== GRAPH_SUBGRAPH);
  return Object.fromEntries(names.map((name) => [name, copyUrls(required(`${name.toUpperCase()}_URL`))]));
}

function signingKey(): JWK {
  try {
    return JSON.parse(settings.required('INTERNAL_SIGNING_KEY')) as JWK;
  } catch (error) {
    if (error instanceof SyntaxError) throw new ConfigurationError(['GATEWAY_INTERNAL_SIGNING_KEY is not JSON']);
    throw error;
  }
}
