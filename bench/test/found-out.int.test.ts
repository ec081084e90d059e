import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openCrowd } from '../src/fanout/socket-crowd.ts';
import { type Child, startChild } from '../src/measure/child.ts';
import { answersDigest, canonicalJson, loadRound } from '../src/measure/http-load.ts';
import { processUsage } from '../src/measure/process-usage.ts';

/** A benchmark is worth what it notices. */

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function start(file: string): Promise<Child> {
  const child = await startChild({ name: file, file, build: 'sources' });
  stops.push(() => child.stop());
  return child;
}

async function serve(answer: (count: number) => string): Promise<string> {
  let count = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer((count += 1)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the load', () => {
  const options = { bodies: ['{}'], connections: 2, durationMs: 60_000, maxRequests: 20 };

  it('ends the benchmark when one answer of many is another', async () => {
    const load = await start('http-load');
    const url = await serve((count) => JSON.stringify({ data: { count: count === 15 ? 'other' : 'same' } }));
    await expect(loadRound(load, { name: 'toy', pid: process.pid, url }, options)).rejects.toThrow(
      'toy: 1 wrong answers, e.g. another answer than before',
    );
  });

  it('sends as many requests as it was told and says what they took', async () => {
    const load = await start('http-load');
    const url = await serve(() => '{"data":{}}');
    const round = await loadRound(load, { name: 'toy', pid: process.pid, url }, options);
    expect(round.requests).toBe(20);
    expect(round.p99Ms).toBeGreaterThanOrEqual(round.p50Ms);
    expect(round.rssMegabytes).toBeGreaterThan(10);
  });

  it('tells servers apart by what they say, not by how they order it, and takes no error for an answer', async () => {
    const one = await serve(() => '{"data":{"a":1,"b":{"c":2,"d":3}}}');
    const reordered = await serve(() => '{"data":{"b":{"d":3,"c":2},"a":1}}');
    const other = await serve(() => '{"data":{"a":1,"b":{"c":2,"d":4}}}');
    const failing = await serve(() => '{"data":{"a":null},"errors":[{"message":"no"}]}');
    const digest = await answersDigest(one, ['{}']);
    expect(await answersDigest(reordered, ['{}'])).toBe(digest);
    expect(await answersDigest(other, ['{}'])).not.toBe(digest);
    await expect(answersDigest(failing, ['{}'])).rejects.toThrow('"message":"no"');
    expect(canonicalJson([{ b: 1, a: [2, 1] }])).toBe('[{"a":[2,1],"b":1}]');
  });
});

describe('a crowd of sockets', () => {
  const openBare = async () => {
    const bare = await start('bare-sockets');
    const clients = [await start('socket-clients'), await start('socket-clients')];
    const crowd = await openCrowd(clients, { set: 'bare', url: String(bare.facts['url']), count: 5 });
    const say = (text: string) => () => bare.ask({ text });
    return { crowd, say };
  };

  it('has heard an event when all clients have', async () => {
    const { crowd, say } = await openBare();
    for (const event of [1, 2]) {
      const { latenciesUs, message } = await crowd.hear(event, say(`{"available":${event},"x":"y"}`));
      expect(latenciesUs).toHaveLength(5);
      expect(message).toBe(`{"available":${event},"x":"y"}`);
    }
    await crowd.close();
  });

  it('notices an event that was left out', async () => {
    const { crowd, say } = await openBare();
    await crowd.hear(1, say('{"available":1}'));
    await expect(crowd.hear(3, say('{"available":3}'))).rejects.toThrow('event 3 came after 1');
  });

  it('notices an event that comes twice', async () => {
    const { crowd, say } = await openBare();
    await crowd.hear(1, say('{"available":1}'));
    await expect(crowd.hear(2, say('{"available":1}'))).rejects.toThrow('event 1 came after 1');
  });

  it('notices a message that is no event', async () => {
    const { crowd, say } = await openBare();
    await expect(crowd.hear(1, say('{"type":"error","id":"1"}'))).rejects.toThrow('unexpected {"type":"error"');
  });
});

describe('the use of a process', () => {
  it('is what the kernel says of it, and an error when it is not there', async () => {
    const child = await start('http-load');
    const { cpuMs, rssBytes } = processUsage(child.pid);
    expect(cpuMs).toBeGreaterThan(0);
    expect(rssBytes).toBeGreaterThan(10 * 1024 * 1024);
    await child.stop();
    expect(() => processUsage(child.pid)).toThrow(`Process ${child.pid} is not running`);
  });
});
