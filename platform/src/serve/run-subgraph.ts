import type { JSONWebKeySet, JWK } from 'jose';
import {
  ConfigurationError,
  type Environment,
  readTogether,
  refuseInProduction,
  settingsOf,
} from '../config/config.ts';
import type { Subgraph } from '../graphql/subgraph.ts';
import { type Logger, type Metrics, processLogger, startMetrics } from '../telemetry/telemetry.ts';
import { startTracing } from '../tracing/tracing.ts';
import { httpTransport } from './http-transport.ts';
import { internalTokenSigner, internalTokenVerifier } from './internal-token.ts';
import { runProcess } from './process.ts';
import { serveSubgraph } from './server.ts';
import { type SubgraphClient, subgraphClient } from './subgraph-client.ts';
import { copyUrls } from './subgraph-copies.ts';

export interface SubgraphProcess<Config> {
  name: string;
  /** Other subgraphs whose URLs (`CATALOG_URL` …) this one needs. */
  peers: readonly string[];
  readConfig(env: Environment): Config;
  create(deps: { config: Config; log: Logger; peers: SubgraphClient; metrics?: Metrics }): Promise<Subgraph>;
}

/** The whole of a subgraph's `main.ts`: configuration, stores, server, and the way down again. */
export async function runSubgraph<Config>(definition: SubgraphProcess<Config>, env: Environment): Promise<void> {
  const { name } = definition;
  const settings = settingsOf(name, env);
  const log = processLogger(settings, name);
  await runProcess(log, async () => {
    const [config] = readTogether(
      () => definition.readConfig(env),
      () => refuseInProduction(name, env, { secrets: ['INTERNAL_SIGNING_KEY', 'INTERNAL_TRUSTED_KEYS'] }),
    );
    const signer = await internalTokenSigner(
      jsonSetting<JWK>('INTERNAL_SIGNING_KEY', settings.required('INTERNAL_SIGNING_KEY')),
    );
    const verify = await internalTokenVerifier(
      name,
      jsonSetting<JSONWebKeySet>('INTERNAL_TRUSTED_KEYS', settings.required('INTERNAL_TRUSTED_KEYS')),
    );
    const urls = Object.fromEntries(
      definition.peers.map((peer) => [peer, copyUrls(settingsOf('', env).required(`${peer.toUpperCase()}_URL`))]),
    );
    const transport = httpTransport({ urls, signer });
    const tracing = await startTracing(settings, name, log);
    const { metrics, isServed, stop: stopMetrics } = await startMetrics(settings, log);
    const subgraph = await definition.create({
      config,
      log,
      peers: subgraphClient(transport, name),
      ...(isServed ? { metrics } : {}),
    });
    const server = await serveSubgraph(subgraph, {
      host: settings.optional('HOST') ?? '127.0.0.1',
      port: settings.integer('PORT', 0, { max: 65_535 }),
      verify,
      log,
      ...(isServed ? { metrics } : {}),
    });
    await subgraph.start();
    log.info({ url: server.url }, 'ready');
    return {
      async stop() {
        await server.stop();
        await subgraph.stop();
        await transport.close();
        await stopMetrics();
        await tracing.stop();
      },
    };
  });
}

function jsonSetting<T>(name: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ConfigurationError([`${name} is not JSON`]);
  }
}
