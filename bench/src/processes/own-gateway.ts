import { readFile } from 'node:fs/promises';
import { createGateway } from '@marketgraph/gateway';
import { readGatewayConfig } from '@marketgraph/gateway/config';
import { generateServiceKey, httpTransport, internalTokenSigner } from '@marketgraph/platform/serve';
import { createLogger } from '@marketgraph/platform/telemetry';
import { serveParent } from '../measure/serve-parent.ts';

/**
 * Our gateway as its own entry starts it, settings from the environment, but on
 * the supergraph of `SUPERGRAPH_FILE`; and it tells its counts to who started it.
 */
const log = createLogger({ service: 'gateway', level: 'error' });
const { privateJwk } = await generateServiceKey('gateway');
const transport = httpTransport({
  urls: JSON.parse(process.env['SUBGRAPH_URLS'] ?? '{}') as Record<string, string>,
  signer: await internalTokenSigner(privateJwk),
});
const gateway = await createGateway({
  config: readGatewayConfig(process.env),
  transport,
  log,
  supergraphSdl: await readFile(process.env['SUPERGRAPH_FILE'] ?? '', 'utf8'),
});
const { url } = await gateway.listen();

serveParent({
  facts: { url },
  answer({ kind }: { kind: 'counts' | 'collect' }) {
    // With --expose-gc: what a memory figure is about is what is held, not what waits to be swept.
    if (kind === 'collect') (globalThis as { gc?: () => void }).gc?.();
    return gateway.counts();
  },
  async stop() {
    await gateway.stop();
    await transport.close();
  },
});
