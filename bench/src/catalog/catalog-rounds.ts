import { type CheckoutStage, startCheckoutStage } from '../checkout/checkout-stage.ts';
import type { Build, Child } from '../measure/child.ts';
import { type CpuParts, cpuPerOperation, medianCpu } from '../measure/cpu-parts.ts';
import { askLoad, loadRound, type Target } from '../measure/http-load.ts';
import { ownCpuMs } from '../measure/process-usage.ts';
import { median } from '../measure/statistics.ts';
import { type Read, READS } from './reads.ts';
import { fillShelves, type Shelves, type ShelvesOptions } from './shelves.ts';
import type { StoreReadLoad, StoreReadResult } from './store-read.ts';

/** A marketplace of its own, filled; with the entity cache or without. */
export interface Shop {
  name: string;
  products: number;
  isCached: boolean;
  stage: CheckoutStage;
  shelves: Shelves;
}

/** One kind of read, by so many callers at a time, in one shop. */
export interface Cell {
  shop: Shop;
  read: Read;
  callers: number;
}

export interface CatalogRound {
  operations: number;
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** CPU per operation, in milliseconds. */
  cpuMs: CpuParts;
  /** All of it together. */
  allMs: number;
}

/** The same read with nothing around it. */
export interface DriverRound {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU per read, in milliseconds: of the process with the drivers, and of the stores. */
  driverMs: number;
  storesMs: number;
}

export type RoundLength = { durationMs: number; maxRequests?: number };

/** A machine that is late makes the gateway turn queries away; here every answer is waited for, or there is nothing to measure. */
const UNREFUSED = { GATEWAY_MAX_LAG_MS: '0' };

/** Every read goes to the stores. */
const NOTHING_KEPT = {
  GATEWAY_ENTITY_CACHE_BYTES: '0',
  SEARCH_ANSWER_CACHE_BYTES: '0',
  CATALOG_PUBLISHED_IDS: '0',
};

export function startShop({ isCached, build }: { isCached: boolean; build: Build }): Promise<CheckoutStage> {
  return startCheckoutStage({
    ...{ shape: 'monolith', build },
    settings: { ...UNREFUSED, ...(isCached ? {} : NOTHING_KEPT) },
  });
}

export async function fillShop(
  stage: CheckoutStage,
  { isCached, ...shelves }: ShelvesOptions & { isCached: boolean },
): Promise<Shop> {
  return {
    name: `${shelves.products.toLocaleString('en')}, ${isCached ? 'as shipped' : 'cache off'}`,
    ...{ products: shelves.products, isCached, stage },
    shelves: await fillShelves(stage, shelves),
  };
}

/** Asks for everything once and holds it against what must be in it. Resolves to the answers by request. */
export async function checkedAnswers({ stage, shelves }: Shop, read: Read): Promise<[body: string, answer: string][]> {
  const pairs: [string, string][] = [];
  for (const input of read.inputsOf(shelves)) {
    const body = read.bodyFor(input);
    const response = await fetch(`${stage.graph.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
    });
    const answer = await response.text();
    const { data, errors } = JSON.parse(answer) as { data?: unknown; errors?: unknown };
    if (!data || errors) throw new Error(`${read.name} ${input}: ${answer.slice(0, 500)}`);
    read.check(data, input);
    pairs.push([body, answer]);
  }
  return pairs;
}

export async function catalogRound(
  load: Child,
  { shop: { name, stage, shelves }, read, callers }: Cell,
  length: RoundLength,
): Promise<CatalogRound> {
  const bodies = read.inputsOf(shelves).map((input) => read.bodyFor(input));
  const target = { name: `${read.name} (${name})`, url: stage.graph.url };
  const before = await stage.read();
  const result = await askLoad(load, target, { bodies, connections: callers, ...length });
  const after = await stage.read();
  const cpuMs = cpuPerOperation(before.cpu, after.cpu, result.requests);
  return {
    operations: result.requests,
    perSecond: result.requests / result.seconds,
    p50Ms: result.p50Ms,
    p95Ms: result.p95Ms,
    p99Ms: result.p99Ms,
    cpuMs,
    allMs: Object.values(cpuMs).reduce((sum, part) => sum + part, 0),
  };
}

export async function driverRound(
  drivers: Child,
  { stage, shelves }: Shop,
  { read, durationMs, maxRequests }: RoundLength & { read: Read },
): Promise<DriverRound> {
  const storesMs = async () => {
    const { cpu } = await stage.read();
    return cpu.postgres + cpu.emulators;
  };
  const before = { driver: ownCpuMs(drivers.pid), stores: await storesMs() };
  const { access } = stage;
  const result = await drivers.ask<StoreReadResult>({
    ...{ access, read: read.name, inputs: read.inputsOf(shelves), durationMs, maxReads: maxRequests },
  } satisfies StoreReadLoad);
  const after = { driver: ownCpuMs(drivers.pid), stores: await storesMs() };
  return {
    perSecond: result.reads / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    driverMs: (after.driver - before.driver) / result.reads,
    storesMs: (after.stores - before.stores) / result.reads,
  };
}

/** Of each read, what a server that knows the answer needs to send it. */
export async function bareRounds(
  load: Child,
  bare: Target,
  options: RoundLength & { shop: Shop; callers: number },
): Promise<{ read: Read['name']; cpuMs: number; perSecond: number; p50Ms: number }[]> {
  const { shop, callers, ...length } = options;
  const rounds = [];
  for (const read of READS) {
    const bodies = read.inputsOf(shop.shelves).map((input) => read.bodyFor(input));
    const round = await loadRound(load, bare, { bodies, connections: callers, ...length });
    rounds.push({
      ...{ read: read.name, cpuMs: round.cpuMsPerRequest },
      ...{ perSecond: round.requestsPerSecond, p50Ms: round.p50Ms },
    });
  }
  return rounds;
}

export function medianCatalogRound(rounds: readonly CatalogRound[]): Omit<CatalogRound, 'operations'> {
  const of = (pick: (round: CatalogRound) => number) => median(rounds.map(pick));
  return {
    perSecond: of((round) => round.perSecond),
    p50Ms: of((round) => round.p50Ms),
    p95Ms: of((round) => round.p95Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMs: medianCpu(rounds.map(({ cpuMs }) => cpuMs)),
    allMs: of((round) => round.allMs),
  };
}
