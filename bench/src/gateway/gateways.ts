import { join } from 'node:path';
import { freePort } from '@marketgraph/stores';
import { startForeign } from '../measure/child.ts';
import type { Target } from '../measure/http-load.ts';
import { GATEWAY_PEERS } from '../measure/peers.ts';
import type { ToyStage } from '../toy/toy-stage.ts';

export const OWN = 'ours';
export const OWN_STOCK_EXECUTOR = 'ours, stock executor';
export const STOCK = 'stock @apollo/gateway';
export const HIVE = 'Hive Gateway';
export const HIVE_ROUTER_RUNTIME = 'Hive Gateway, router runtime';

/** Each gateway's answers come from the subgraphs; whether they could be kept is another benchmark. */
const WITHOUT_CACHE = { ENTITY_CACHE_BYTES: '0' };

export async function startOwn(stage: ToyStage, executor: 'own' | 'stock'): Promise<Target> {
  const name = executor === 'own' ? OWN : OWN_STOCK_EXECUTOR;
  const { pid, facts } = await stage.ownGateway({ name, env: { ...WITHOUT_CACHE, GATEWAY_EXECUTOR: executor } });
  return { name, pid, url: String(facts['url']) };
}

export async function startStock(stage: ToyStage): Promise<Target> {
  const { pid, facts } = await stage.start('stock-gateway', {
    name: STOCK,
    env: { SUPERGRAPH_FILE: stage.supergraphFile },
  });
  return { name: STOCK, pid, url: String(facts['url']) };
}

/** Hive's command as it is installed; its plugins and telemetry are off unless asked for. */
export async function startHive(stage: ToyStage, mode: 'default' | 'router runtime'): Promise<Target> {
  const name = mode === 'default' ? HIVE : HIVE_ROUTER_RUNTIME;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startForeign({
    name,
    cwd: GATEWAY_PEERS.folder,
    args: [
      join('node_modules', '@graphql-hive', 'gateway', 'dist', 'bin.js'),
      'supergraph',
      stage.supergraphFile,
      ...['--host', '127.0.0.1', '--port', String(port), '--polling', '1h'],
      ...(mode === 'router runtime' ? ['--hive-router-runtime'] : []),
    ],
    isReady: async () => (await fetch(`${url}/readiness`)).ok,
  });
  stage.onStop(() => child.stop());
  return { name, pid: child.pid, url };
}
