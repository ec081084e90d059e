import type { Build, Child } from '../measure/child.ts';
import { openFileLimit, processUsage } from '../measure/process-usage.ts';
import type { Report } from '../measure/report.ts';
import { percentile } from '../measure/statistics.ts';
import { until } from '@marketgraph/platform/testing';
import { startToyStage, type ToyStage } from '../toy/toy-stage.ts';
import { fanOutReport } from './fanout-report.ts';
import { openCrowd, type SocketCrowd } from './socket-crowd.ts';
import { type StockEvents, stockEvents } from './stock-events.ts';

export interface FanOutOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startToyStage;
  clients: number;
  /** The clients are spread over so many processes. */
  clientProcesses: number;
  rounds: number;
  /** Per round: each sent when every client has had the one before. */
  closedEvents: number;
  /** Per round: one every so many milliseconds. */
  openEvents: number;
  openIntervalMs: number;
  warmUpEvents: number;
  /** Subscriptions with variables of their own that one event concerns. */
  groups: number;
  groupEvents: number;
  say(text: string): void;
}

export const fanOutDefaults: Omit<FanOutOptions, 'say'> = {
  build: 'compiled',
  clients: 10_000,
  clientProcesses: 2,
  rounds: 3,
  closedEvents: 10,
  openEvents: 10,
  openIntervalMs: 500,
  warmUpEvents: 25,
  groups: 1_000,
  groupEvents: 20,
};

/** The event is inventory's; catalog, reviews and accounts add their fields, one after another. */
export const WATCH = `subscription Watch($offerIds: [ID!]!) {
  stockChanged(offerIds: $offerIds) {
    cursor
    available
    offer { product { name reviews { rating author { name } } } }
  }
}`;

/** What happened to one server in one stretch of events. */
export interface Stretch {
  events: number;
  deliveries: number;
  seconds: number;
  deliveriesPerSecond: number;
  cpuUsPerDelivery: number;
  p50Ms: number;
  p99Ms: number;
}

export interface FanOutResult {
  clients: number;
  bytesPerMessage: number;
  idleBytesPerSocket: number;
  rssMegabytes: number;
  closed: Stretch[];
  open: Stretch[];
  bare: Stretch[];
  /** Of the gateway, for all events of the crowd: one each, or the benchmark fails. */
  runs: number;
  groups: { count: number; events: number; eventsPerSecond: number; cpuMsPerRun: number; p50Ms: number; p99Ms: number };
}

/** Two offers of the first product. */
const OFFER = 'o5';
const GROUPS_OFFER = 'o6';
const FIRST_OF_DISTINCT = 1_000;
/** Opened and closed before memory is looked at, so that what is made once is not counted as the sockets'. */
const WARM_SOCKETS = 500;
/** Besides its sockets a process has files open too. */
const SPARE_FILES = 500;

/** One public event to all clients of one gateway, beside a bare `ws` server that sends the same bytes. */
export async function benchFanOut(options: FanOutOptions): Promise<Report> {
  const { build, clients, clientProcesses, say, startStage = startToyStage } = options;
  // A process of clients holds its share twice: once at the gateway, once at the bare server.
  const files = Math.max(clients, (2 * clients) / clientProcesses) + SPARE_FILES;
  if (openFileLimit() < files) {
    throw new Error(`This needs ${files} open files per process (ulimit -n), ${openFileLimit()} are allowed`);
  }
  const stage = await startStage({ build });
  try {
    const gateway = await stage.ownGateway({ name: 'gateway', nodeOptions: ['--expose-gc'] });
    const processes: Child[] = [];
    for (let count = 0; count < clientProcesses; count += 1) processes.push(await stage.start('socket-clients'));
    const events = await stockEvents(stage.redisUrl);
    stage.onStop(() => events.close());
    const fanOut = await measureFanOut({ stage, gateway, processes, events }, options);
    say(`  ${options.groups} subscriptions with variables of their own …\n`);
    const groups = await measureGroups({ gateway, processes, events }, options);
    return fanOutReport({ ...fanOut, groups });
  } finally {
    await stage.stop();
  }
}

interface Parts {
  gateway: Child;
  processes: readonly Child[];
  events: StockEvents;
}

interface Counts {
  runs: number;
  groups: number;
  subscribers: number;
  sockets: number;
}

async function measureFanOut(
  { stage, gateway, processes, events }: Parts & { stage: ToyStage },
  options: FanOutOptions,
): Promise<Omit<FanOutResult, 'groups'>> {
  const { clients, rounds, closedEvents, openEvents, openIntervalMs, warmUpEvents, say } = options;
  const url = socketUrl(gateway);
  const subscription = { query: WATCH, offerId: OFFER };
  const warm = await openCrowd(processes, { set: 'warm', url, count: Math.min(WARM_SOCKETS, clients), subscription });
  await warm.close();
  const before = await residentAfterCollection(gateway);
  say(`  ${clients} clients connect and subscribe …\n`);
  const crowd = await openCrowd(processes, { set: 'crowd', url, count: clients, subscription });
  const rssBytes = await residentAfterCollection(gateway);

  let published = 0;
  const publish = (number: number) => events.publish(OFFER, number);
  const next = () => crowd.hear((published += 1), () => publish(published));
  let sample = (await next()).message;
  for (let count = 1; count < warmUpEvents; count += 1) sample = (await next()).message;
  assertComplete(sample);

  const bareServer = await stage.start('bare-sockets');
  const bareCrowd = await openCrowd(processes, { set: 'bare', url: String(bareServer.facts['url']), count: clients });
  let broadcast = 0;
  const nextBare = () =>
    bareCrowd.hear((broadcast += 1), () =>
      bareServer.ask({ text: sample.replace(/"available":\d+/, `"available":${broadcast}`) }),
    );
  for (let count = 0; count < warmUpEvents; count += 1) await nextBare();

  const closed: Stretch[] = [];
  const open: Stretch[] = [];
  const bare: Stretch[] = [];
  for (let round = 0; round < rounds; round += 1) {
    closed.push(await stretch(gateway, crowd, closedEvents, next));
    bare.push(await stretch(bareServer, bareCrowd, closedEvents, nextBare));
    open.push(await stretch(gateway, crowd, openEvents, atLeastEvery(openIntervalMs, next)));
    const [one, other, slow] = [closed.at(-1)!, bare.at(-1)!, open.at(-1)!];
    say(
      `  gateway ${one.cpuUsPerDelivery.toFixed(1)} µs CPU/delivery, ${Math.round(one.deliveriesPerSecond)}/s, ` +
        `p99 ${slow.p99Ms.toFixed(0)} ms · bare ws ${other.cpuUsPerDelivery.toFixed(1)} µs, ${Math.round(other.deliveriesPerSecond)}/s\n`,
    );
  }
  const { runs } = await gateway.ask<Counts>({ kind: 'counts' });
  if (runs !== published) throw new Error(`${published} events took ${runs} plan runs`);
  await Promise.all([crowd.close(), bareCrowd.close()]);
  await bareServer.stop();
  return {
    clients,
    bytesPerMessage: Buffer.byteLength(sample),
    idleBytesPerSocket: (rssBytes - before) / clients,
    rssMegabytes: rssBytes / 1024 / 1024,
    closed,
    open,
    bare,
    runs,
  };
}

/** The worst case: one event concerns many groups, and each has variables of its own, so that each is a run. */
async function measureGroups(
  { gateway, processes, events }: Parts,
  options: FanOutOptions,
): Promise<FanOutResult['groups']> {
  const { groups, groupEvents, warmUpEvents } = options;
  const subscription = { query: WATCH, offerId: GROUPS_OFFER, distinctFrom: FIRST_OF_DISTINCT };
  await until(async () => (await gateway.ask<Counts>({ kind: 'counts' })).groups === 0, { what: 'the crowd has left' });
  const crowd = await openCrowd(processes, { set: 'groups', url: socketUrl(gateway), count: groups, subscription });
  let published = 0;
  const next = () => crowd.hear((published += 1), () => events.publish(GROUPS_OFFER, published));
  for (let count = 0; count < warmUpEvents; count += 1) await next();
  const before = await gateway.ask<Counts>({ kind: 'counts' });
  if (before.groups !== groups) throw new Error(`${groups} distinct subscriptions are ${before.groups} groups`);
  const { seconds, cpuUsPerDelivery, p50Ms, p99Ms } = await stretch(gateway, crowd, groupEvents, next);
  const after = await gateway.ask<Counts>({ kind: 'counts' });
  if (after.runs - before.runs !== groupEvents * groups) {
    throw new Error(`${groupEvents} events for ${groups} groups took ${after.runs - before.runs} plan runs`);
  }
  await crowd.close();
  return {
    count: groups,
    events: groupEvents,
    eventsPerSecond: groupEvents / seconds,
    cpuMsPerRun: cpuUsPerDelivery / 1_000,
    p50Ms,
    p99Ms,
  };
}

async function stretch(
  server: Child,
  { count }: SocketCrowd,
  events: number,
  next: () => Promise<{ latenciesUs: number[] }>,
): Promise<Stretch> {
  const latenciesUs: number[] = [];
  const before = processUsage(server.pid);
  const begin = performance.now();
  for (let event = 0; event < events; event += 1) latenciesUs.push(...(await next()).latenciesUs);
  const seconds = (performance.now() - begin) / 1_000;
  const after = processUsage(server.pid);
  const deliveries = events * count;
  if (latenciesUs.length !== deliveries) throw new Error(`${latenciesUs.length} of ${deliveries} deliveries were seen`);
  return {
    events,
    deliveries,
    seconds,
    deliveriesPerSecond: deliveries / seconds,
    cpuUsPerDelivery: ((after.cpuMs - before.cpuMs) * 1_000) / deliveries,
    p50Ms: percentile(latenciesUs, 0.5) / 1_000,
    p99Ms: percentile(latenciesUs, 0.99) / 1_000,
  };
}

/** An event at fixed times, or later when the one before took longer. */
function atLeastEvery<T>(intervalMs: number, next: () => Promise<T>): () => Promise<T> {
  let dueAt = performance.now();
  return async () => {
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
    dueAt = performance.now() + intervalMs;
    return next();
  };
}

async function residentAfterCollection(gateway: Child): Promise<number> {
  // Twice: what the first pass finalises, the second frees.
  await gateway.ask({ kind: 'collect' });
  await gateway.ask({ kind: 'collect' });
  return processUsage(gateway.pid).rssBytes;
}

function socketUrl(gateway: Child): string {
  return `${String(gateway.facts['url']).replace(/^http/, 'ws')}/graphql`;
}

/** A message without errors that every one of the four subgraphs had its part in. */
function assertComplete(message: string): void {
  const { payload } = JSON.parse(message) as {
    payload: {
      errors?: unknown;
      data?: { stockChanged: { offer: { product: { name: string; reviews: { author: { name: string } }[] } } } };
    };
  };
  const product = payload.data?.stockChanged.offer.product;
  if (payload.errors || product?.name !== 'Product 1' || product.reviews[0]?.author.name !== 'User 4') {
    throw new Error(`This is not what was subscribed to: ${message}`);
  }
}
