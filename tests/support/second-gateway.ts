import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGateway, type Gateway } from '@marketgraph/gateway';
import { readGatewayConfig } from '@marketgraph/gateway/config';
import { httpTransport, internalTokenSigner } from '@marketgraph/platform/serve';
import { silentLog } from '@marketgraph/platform/testing';
import { urlsOf } from './inside-caller.ts';
import type { TestMarketplace } from './marketplace.ts';

export interface SecondGateway {
  gateway: Gateway;
  url: string;
  stop(): Promise<void>;
}

interface Keys {
  services: Record<string, Parameters<typeof internalTokenSigner>[0]>;
  cursorSecret: string;
}

/** Another gateway before the same subgraphs, with the same secrets and a port of its own. */
export async function startSecondGateway(market: TestMarketplace): Promise<SecondGateway> {
  const { stores, dataDir } = market;
  const keys = JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8')) as Keys;
  const signer = await internalTokenSigner(keys.services['gateway']!);
  const transport = httpTransport({ urls: urlsOf(market), signer });
  const config = readGatewayConfig({
    PORT: '0',
    REDIS_URL: stores.redis.gateway,
    CURSOR_SECRET: keys.cursorSecret,
    // What is counted is counted for both, and a test asks from one address.
    RATE_POINTS_PER_MINUTE_ADDRESS: '0',
    RATE_REQUESTS_PER_MINUTE_ADDRESS: '0',
  });
  const gateway = await createGateway({ config, transport, log: silentLog });
  const { url } = await gateway.listen();
  return {
    gateway,
    url,
    async stop() {
      await gateway.stop();
      await transport.close();
    },
  };
}
