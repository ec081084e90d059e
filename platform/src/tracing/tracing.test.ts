import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settingsOf } from '../config/config.ts';
import { listen } from '../serve/server.ts';
import { silentLog } from '../testing/testing.ts';
import {
  activeTraceparent,
  beginPart,
  isTracing,
  rootFieldOf,
  type SpanLine,
  startTracing,
  traced,
  tracedPart,
  tracedPort,
} from './tracing.ts';

const CALLER = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
const UNSAMPLED = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'traces-'));
  file = join(folder, 'traces.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is written of this work. */
async function spansOf(work: () => Promise<unknown>, env: Record<string, string> = {}): Promise<SpanLine[]> {
  const tracing = await startTracing(settingsOf('', { TRACE_FILE: file, ...env }), 'test', silentLog);
  await work().catch(() => undefined);
  await tracing.stop();
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as SpanLine);
}

const named = (spans: readonly SpanLine[], name: string) => spans.find((span) => span.name === name)!;

describe('without anybody who looks', () => {
  it('work is called and nothing else: its parent is what it hands on', async () => {
    expect(isTracing()).toBe(false);
    expect(await traced('work', { parent: CALLER }, async (traceparent, span) => [traceparent, span])).toEqual([
      CALLER,
      undefined,
    ]);
    expect(await tracedPart('part', {}, async (span) => span)).toBeUndefined();
    expect(beginPart('part', {})).toBeUndefined();
    expect(activeTraceparent()).toBeUndefined();
    const port = { ask: async () => 1 };
    expect(tracedPort('port', port)).toBe(port);
  });
});

describe('with a file', () => {
  it('X7 work goes on in the trace of what caused it, and its parts are below it', async () => {
    const port = { ask: async () => 1, name: 'here' };
    const spans = await spansOf(() =>
      traced('orders pay', { service: 'orders', parent: CALLER }, async () => {
        await tracedPart('sql select', {}, async () => undefined);
        const wrapped = tracedPort('stripe', port);
        expect(wrapped.name).toBe('here');
        await wrapped.ask();
        const next = activeTraceparent();
        await traced('payments settle', { service: 'payments', parent: next }, async () => undefined);
      }),
    );
    const whole = named(spans, 'orders pay');
    expect(whole).toMatchObject({ traceId: CALLER.slice(3, 35), parentId: CALLER.slice(36, 52), service: 'orders' });
    for (const [name, service] of [
      ['sql select', 'orders'],
      ['stripe ask', 'orders'],
      ['payments settle', 'payments'],
    ] as const) {
      expect(named(spans, name)).toMatchObject({ traceId: whole.traceId, parentId: whole.spanId, service });
    }
  });

  it('a part of nothing is no span: loops that look for work make none', async () => {
    const spans = await spansOf(async () => {
      await tracedPart('sql select', {}, async () => undefined);
      expect(beginPart('redis get', {})).toBeUndefined();
      await traced('work', {}, async () => undefined);
    });
    expect(spans.map(({ name }) => name)).toEqual(['work']);
  });

  it('a failure is told by its name, without what it says', async () => {
    const spans = await spansOf(() =>
      traced('work', {}, () => Promise.reject(new RangeError('buyer@example.org is too long'))),
    );
    expect(spans).toMatchObject([{ error: 'RangeError' }]);
    expect(JSON.stringify(spans)).not.toContain('@');
  });

  it('what a client sends is a link and no parent', async () => {
    const spans = await spansOf(() => traced('work', { link: CALLER }, async () => undefined));
    expect(spans).toMatchObject([{ links: [CALLER.slice(3, 35)] }]);
    expect(spans[0]!.traceId).not.toBe(CALLER.slice(3, 35));
    expect(spans[0]!.parentId).toBeUndefined();
  });

  it('a share of all traces is kept, and each that has an error', async () => {
    const none = await spansOf(
      async () => {
        for (let at = 0; at < 20; at += 1) await traced('well', {}, async () => tracedPart('part', {}, async () => 1));
        await traced('ends badly', { parent: UNSAMPLED }, async () => {
          await tracedPart('went well', {}, async () => undefined);
          await tracedPart('went wrong', {}, () => Promise.reject(new Error('no')));
        });
      },
      { OTEL_TRACES_SAMPLER_ARG: '0' },
    );
    expect(none.map(({ name }) => name)).toEqual(['went well', 'went wrong', 'ends badly']);
    await expect(
      startTracing(settingsOf('', { TRACE_FILE: file, OTEL_TRACES_SAMPLER_ARG: '2' }), 'test', silentLog),
    ).rejects.toThrow('from 0 to 1');
  });

  it('attributes end after so many characters', async () => {
    const spans = await spansOf(() =>
      traced('work', { attributes: { text: 'x'.repeat(10_000) } }, async () => undefined),
    );
    expect(spans[0]!.attributes!['text']).toHaveLength(400);
  });
});

describe('with a collector', () => {
  afterEach(() => vi.unstubAllEnvs());

  it("X7 spans are sent to where OpenTelemetry's own variables say", async () => {
    const received: { url: string | undefined; type: string | undefined; body: string }[] = [];
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url, headers } = request;
        received.push({ url, type: headers['content-type'], body: Buffer.concat(chunks).toString('latin1') });
        response.writeHead(200).end();
      });
    });
    const server = await listen(collector, { host: '127.0.0.1', port: 0 });
    try {
      vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
      const tracing = await startTracing(settingsOf('orders', process.env), 'orders', silentLog);
      await traced('orders pay', { service: 'orders' }, async () => undefined);
      await tracing.stop();
      expect(received).toMatchObject([{ url: '/v1/traces', type: 'application/x-protobuf' }]);
      expect(received[0]!.body).toContain('orders pay');
    } finally {
      await server.stop();
    }
  });

  it('that is away holds up nobody', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '200');
    const tracing = await startTracing(settingsOf('orders', process.env), 'orders', silentLog);
    expect(await traced('work', {}, async () => 1)).toBe(1);
    await expect(tracing.stop()).resolves.toBeUndefined();
  });
});

describe('the first field of an operation', () => {
  it.each([
    ['query A($id: ID!) { product(id: $id) { id } }', 'product'],
    ['mutation B($input:CheckoutCompleteInput!){checkoutComplete(input:$input){order{id}}}', 'checkoutComplete'],
    ['{ mine: me { id } }', 'me'],
    ['query($representations:[_Any!]!){_entities(representations:$representations){...on Offer{id}}}', '_entities'],
    ['', 'operation'],
  ])('%s', (query, field) => {
    expect(rootFieldOf(query)).toBe(field);
  });
});
