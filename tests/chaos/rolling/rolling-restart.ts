import { setTimeout as pause } from 'node:timers/promises';
import type { MarketplaceOptions } from '@marketgraph/launcher';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { print } from 'graphql';
import { expect } from 'vitest';
import { aRun, newKey, registerBuyer, registerVendor, signIn } from '../../story/cast.ts';
import { silentReport } from '../../story/report.ts';
import { withMarketplace } from '../../support/marketplace.ts';
import { ask } from '../../support/raw-graph.ts';
import { listProduct } from '../../support/shop.ts';
import { brokenInvariants } from '../broken-invariants.ts';
import { ReadyGateways } from './ready-gateways.ts';
import { StockWatcher } from './watchers.ts';

const UNITS = 100;
/** Of these, one sixth changes stock, which every watcher is told. */
const MIX = 6;
const MORE_REQUESTS = 20;
const SETTLE_MS = 60_000;

interface Traffic {
  failures: string[];
  answered: number;
  /** How often stock was changed, each time by one unit. */
  changes: number;
}

/**
 * R27: while people ask `perSecond` times a second, change stock and watch it, these processes are told to stop
 * (SIGTERM) and are started again, one after the other. Nobody is to notice.
 */
export async function restartInTurn(options: {
  copies: NonNullable<MarketplaceOptions['copies']>;
  restart: readonly string[];
  perSecond: number;
  watchers: number;
  drainDelayMs: number;
}): Promise<void> {
  const { copies, restart, perSecond } = options;
  const settings = { GATEWAY_DRAIN_DELAY_MS: String(options.drainDelayMs) };
  await withMarketplace({ shape: 'processes', copies, settings }, async (market) => {
    const { graph, processes } = market;
    const run = aRun();
    const operator = await signIn(graph, 'Olga', graph.operator);
    const vendor = await registerVendor(graph, { name: 'Alpha', run, operator, report: silentReport });
    const lamp = await listProduct(vendor, operator, { title: 'Lamp', sku: 'LAMP', units: UNITS });
    const buyer = await registerBuyer(graph, 'Bea', run);
    const gateways = new ReadyGateways(processes!.gatewayUrls);
    await gateways.begin();
    const watchers = Array.from({ length: options.watchers }, () => new StockWatcher(gateways, lamp.offerId));
    await until(() => watchers.every(({ seen }) => seen.length > 0), { timeoutMs: SETTLE_MS, what: 'all snapshots' });

    const traffic: Traffic = { failures: [], answered: 0, changes: 0 };
    const lineOfLamp = { offerId: lamp.offerId, quantity: 1 };
    const requests: (() => Promise<string | undefined>)[] = [
      () => send(operations.ProductPageDocument, { id: lamp.productId }),
      () => send(operations.SearchDocument, { query: 'lamp' }),
      () => send(operations.MeDocument, {}, buyer.accessToken),
      () => send(operations.CartLinesAddDocument, { input: { lines: [lineOfLamp] } }, buyer.accessToken),
      () => send(operations.AvailabilityDocument, { offerIds: [lamp.offerId] }),
    ];
    async function send(
      document: Parameters<typeof print>[0],
      variables: Record<string, unknown>,
      token?: string,
    ): Promise<string | undefined> {
      const url = gateways.next();
      if (!url) return 'no gateway is ready';
      const { status, errors } = await ask(url, print(document), { variables, token });
      return status === 200 && errors.length === 0 ? undefined : `${status} ${JSON.stringify(errors)}`;
    }
    const changeStock = async (): Promise<string | undefined> => {
      const input = { offerId: lamp.offerId, warehouseId: vendor.warehouses[0]!, delta: 1, reason: 'RECEIPT' };
      const failure = await send(
        operations.InventoryAdjustDocument,
        { input, idempotencyKey: newKey() },
        vendor.person.accessToken,
      );
      if (failure === undefined) traffic.changes += 1;
      return failure;
    };

    let isOpen = true;
    const pending = new Set<Promise<void>>();
    const steady = (async () => {
      for (let at = 0; isOpen; at += 1) {
        const one = (at % MIX === 0 ? changeStock() : requests[at % requests.length]!()).then(
          (failure) => {
            if (failure === undefined) traffic.answered += 1;
            else traffic.failures.push(failure);
          },
          (error: unknown) =>
            void traffic.failures.push(String(error instanceof Error ? (error.cause ?? error) : error)),
        );
        pending.add(one);
        void one.finally(() => pending.delete(one));
        await pause(1_000 / perSecond);
      }
      await Promise.all(pending);
    })();
    const more = (what: string) => {
      const goal = traffic.answered + traffic.failures.length + MORE_REQUESTS;
      return until(() => traffic.answered + traffic.failures.length >= goal, { timeoutMs: SETTLE_MS, what });
    };
    try {
      for (const name of restart) {
        await more(`requests before ${name} is restarted`);
        const service = processes!.services.get(name)!;
        await service.stop();
        expect(service.exitCode, `${name} ends in order`).toBe(0);
        await more(`requests without ${name}`);
        await service.restart();
        await until(async () => (await fetch(`${service.url}/ready`)).ok, {
          timeoutMs: SETTLE_MS,
          what: `${name} ready`,
        });
      }
      await more('requests afterwards');
    } finally {
      isOpen = false;
      await steady;
    }
    expect(traffic.failures).toEqual([]);
    expect(traffic.changes).toBeGreaterThan(0);

    // Every change was seen by everybody, in order and once.
    const last = UNITS + traffic.changes;
    await until(() => watchers.every(({ seen }) => seen.at(-1) === last), {
      timeoutMs: SETTLE_MS,
      what: `everybody to see ${last} units`,
    });
    await Promise.all(watchers.map((watcher) => watcher.end()));
    await gateways.end();
    for (const { seen, closes, refusals } of watchers) {
      expect(refusals).toEqual([]);
      expect(seen).toEqual(Array.from({ length: last - seen[0]! + 1 }, (_, at) => seen[0]! + at));
      expect(closes.filter((code) => code !== 1001)).toEqual([]);
    }
    expect(await brokenInvariants(market)).toEqual([]);
  });
}
