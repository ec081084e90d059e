import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import colors from 'picocolors';
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from './demo/accounts.ts';
import type { Marketplace } from './launcher.ts';

export function printBanner(
  marketplace: Marketplace,
  { demo, startedInMs }: { demo: boolean; startedInMs: number },
): void {
  const { url } = marketplace;
  const stores = marketplace.stores
    .describe()
    .map(({ name, kind, version }) => (kind === 'real' ? `${name} ${version}` : `${name} (${kind})`))
    .join(' · ');
  const moreGateways = marketplace.processes?.gatewayUrls.slice(1) ?? [];
  const lines = [
    '',
    `${colors.bold(colors.green('Marketgraph is running'))} ${colors.dim(`(${marketplace.shape}, ${(startedInMs / 1_000).toFixed(1)} s)`)}`,
    '',
    `  Graph          ${colors.cyan(`${url}/graphql`)}`,
    `  Explorer       ${colors.cyan(`${url}/graphql`)} ${colors.dim('in a browser')}`,
    `  Shop floor     ${colors.cyan(`${url}/live`)} ${colors.dim('a vendor’s orders, stock and sales, live')}`,
    `  Subscriptions  ${colors.cyan(`${url.replace('http', 'ws')}/graphql`)} ${colors.dim('graphql-ws')} · ${colors.cyan(`${url}/graphql/stream`)} ${colors.dim('SSE')}`,
    ...moreGateways.map((other) => `  Another copy   ${colors.cyan(`${other}/graphql`)}`),
    `  Health         ${colors.cyan(`${url}/health`)} · ${colors.cyan(`${url}/ready`)}`,
    ...metricsLines(marketplace),
    `  Stores         ${stores}`,
    `                 ${colors.dim('An emulator stands in for its server on this machine only; see the README to use real ones.')}`,
    '',
    ...(demo ? demoLines() : operatorLines(marketplace)),
    '  Three things to try',
    `    1. ${colors.cyan(`GRAPH_URL=${url} npx -y ${packageManager()} story`)} plays the whole marketplace on it.`,
    `    2. Open the explorer and run the sample "Search": ask for "lapm".`,
    `    3. Subscribe to ${colors.cyan('stockChanged')} in one tab, buy in another.`,
    '',
    colors.dim('  Ctrl-C stops everything.'),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** As the README calls it: who started this has npx, and pnpm perhaps not. */
function packageManager(): string {
  const manifest = readFileSync(resolve(import.meta.dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { packageManager: string }).packageManager;
}

function metricsLines({ metricsUrls }: Marketplace): string[] {
  return Object.entries(metricsUrls).map(
    ([name, url], index) => `  ${index === 0 ? 'Metrics' : '       '}        ${colors.cyan(url)} ${colors.dim(name)}`,
  );
}

function demoLines(): string[] {
  return [
    `  Accounts       ${DEMO_ACCOUNTS.join(', ')}`,
    `                 ${colors.dim('password')} ${DEMO_PASSWORD}`,
    '',
  ];
}

function operatorLines({ operator }: Marketplace): string[] {
  return [`  Operator       ${operator.email} ${colors.dim('password')} ${operator.password}`, ''];
}
