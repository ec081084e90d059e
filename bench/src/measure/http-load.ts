import { createHash } from 'node:crypto';
import type { Child } from './child.ts';
import { processUsage } from './process-usage.ts';
import { median } from './statistics.ts';

export interface LoadOptions {
  url: string;
  /** Sent in turn. */
  bodies: readonly string[];
  connections: number;
  /** Ends at whichever comes first. */
  durationMs: number;
  maxRequests?: number;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  failed: number;
  failures: string[];
  /** How often each value of `x-cache` was seen. */
  cacheHeaders: Record<string, number>;
}

/** One round against one server. */
export interface Round {
  requests: number;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of the server's process: all of its threads, and processes it started. */
  cpuMsPerRequest: number;
  rssMegabytes: number;
  cacheHeaders: Record<string, number>;
}

export interface Target {
  name: string;
  pid: number;
  url: string;
}

/** Runs one round and takes the server's own CPU time around it. A single wrong answer ends the benchmark. */
export async function loadRound(load: Child, target: Target, options: Omit<LoadOptions, 'url'>): Promise<Round> {
  const before = processUsage(target.pid);
  const result = await askLoad(load, target, options);
  const after = processUsage(target.pid);
  return {
    requests: result.requests,
    requestsPerSecond: result.requests / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuMsPerRequest: (after.cpuMs - before.cpuMs) / result.requests,
    rssMegabytes: after.rssBytes / 1024 / 1024,
    cacheHeaders: result.cacheHeaders,
  };
}

/** The load alone, for whoever counts what it costs in another way. */
export async function askLoad(
  load: Child,
  { name, url }: Omit<Target, 'pid'>,
  options: Omit<LoadOptions, 'url'>,
): Promise<LoadResult> {
  const result = await load.ask<LoadResult>({ ...options, url });
  if (result.failed > 0 || result.requests === 0) {
    throw new Error(`${name}: ${result.failed} wrong answers, e.g. ${result.failures.join(' · ')}`);
  }
  return result;
}

export function medianRound(rounds: readonly Round[]): Omit<Round, 'requests' | 'cacheHeaders'> {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  return {
    requestsPerSecond: of((round) => round.requestsPerSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMsPerRequest: of((round) => round.cpuMsPerRequest),
    rssMegabytes: of((round) => round.rssMegabytes),
  };
}

/** Rounds in turn, so that what disturbs the machine for a while disturbs all. */
export async function alternatingRounds(
  load: Child,
  targets: readonly Target[],
  options: Omit<LoadOptions, 'url'> & {
    rounds: number;
    warmUpMs: number;
    onRound?(target: Target, round: Round): void;
  },
): Promise<Map<string, Round[]>> {
  const { rounds, warmUpMs, onRound, ...each } = options;
  const results = new Map<string, Round[]>(targets.map(({ name }) => [name, []]));
  for (const target of targets) await loadRound(load, target, { ...each, durationMs: warmUpMs });
  for (let count = 0; count < rounds; count += 1) {
    for (const target of targets) {
      const round = await loadRound(load, target, each);
      results.get(target.name)!.push(round);
      onRound?.(target, round);
    }
  }
  return results;
}

/** MD5 of the answers as JSON with sorted keys: the same for two servers that say the same. */
export async function answersDigest(url: string, bodies: readonly string[]): Promise<string> {
  const hash = createHash('md5');
  for (const body of bodies) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
    });
    const answer = (await response.json()) as { data?: unknown; errors?: unknown };
    if (!answer.data || answer.errors) throw new Error(`${url} answered ${JSON.stringify(answer).slice(0, 500)}`);
    hash.update(canonicalJson(answer.data));
  }
  return hash.digest('hex');
}

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
