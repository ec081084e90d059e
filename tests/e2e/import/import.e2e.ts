import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { SOURCE_FLAGS, until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';

const command = (name: string) => resolve(import.meta.dirname, '../../../launcher/src', name, 'main.ts');

describe('C17 S10 commands for a catalog', () => {
  let market: TestMarketplace;
  let vendor: Vendor;
  let folder: string;
  let handle: string;

  beforeAll(async () => {
    market = await startTestMarketplace({ shape: 'monolith' });
    const operator = await signIn(market.graph, 'Olga', market.operator);
    vendor = await registerVendor(market.graph, { name: 'Feed Goods', run: aRun(), operator, report });
    handle = vendor.credentials.email.split('@')[0]!;
    folder = await mkdtemp(join(tmpdir(), 'import-'));
    await operator.leave();
  });
  afterAll(async () => {
    await vendor?.person.leave();
    await market?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const importFile = (args: string[], password = vendor.credentials.password) =>
    run('import', args, { IMPORT_EMAIL: vendor.credentials.email, IMPORT_PASSWORD: password });

  async function run(name: string, args: string[], settings: Record<string, string>) {
    const child = spawn(process.execPath, [...SOURCE_FLAGS, command(name), ...args], {
      env: { PATH: process.env['PATH'], GRAPH_URL: market.url, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, progress, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { out, progress, code: code as number };
  }

  it('C17 import brings a table into the shop with a bar, writes down what it refused, and changes nothing the second time', async () => {
    const path = join(folder, 'lamps.csv');
    const rows = Array.from(
      { length: 500 },
      (_, index) => `L-${index},"Lamp, ${index}",Lamps,${index % 100 === 9 ? 'dear' : '19.99'}`,
    );
    await writeFile(path, ['sku,title,category,price', ...rows].join('\n'));
    const first = await importFile([path, '--vendor', handle]);
    expect(first.progress).toMatch(/\[#{30}\] 100 % {2}500 of 500 {2}5 refused, \d+ rows\/s/);
    expect(first.out).toContain('500 rows: 495 new, 0 changed, 0 as they were, 0 stale, 5 refused');
    expect(first.out).toContain('New offers have no stock yet');
    expect(first.code).toBe(1);
    const errors = (await readFile(`${path}.errors.ndjson`, 'utf8')).trim().split('\n');
    expect(errors.map((line) => JSON.parse(line) as object)[0]).toMatchObject({ line: 11, sku: 'L-9', field: 'price' });
    expect(errors).toHaveLength(5);

    const second = await importFile([path, '--vendor', vendor.id]);
    expect(second.out).not.toContain('no stock');
    expect(second.out).toContain('500 rows: 0 new, 0 changed, 495 as they were, 0 stale, 5 refused');
  });

  it('C17 import ends with 0 when every row was taken over, and with 2 and a reason when none could be', async () => {
    const good = join(folder, 'good.ndjson');
    await writeFile(good, `${JSON.stringify({ sku: 'N-1', title: 'Lantern', category: ['Lamps'], price: 5 })}\n`);
    expect(await importFile([good, '--vendor', handle])).toMatchObject({ code: 0 });

    const packed = join(folder, 'packed.csv');
    await writeFile(packed, Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 0x0a]));
    const refused = await importFile([packed, '--vendor', handle]);
    expect(refused).toMatchObject({
      code: 2,
      progress: expect.stringContaining('The header cannot be read') as string,
    });
    expect(await importFile([join(folder, 'none.csv'), '--vendor', handle])).toMatchObject({ code: 2 });
    expect(await importFile([good, '--vendor', 'nobody-at-all'])).toMatchObject({ code: 2 });
    expect(await importFile([good, '--vendor', handle], 'wrong password')).toMatchObject({ code: 2 });
    expect((await importFile([])).progress).toContain('pnpm run import FILE');
  });

  it('S10 search:reindex makes another version live, shows how far it is, and goes back at once', async () => {
    const { email, password } = market.operator;
    const reindex = (args: string[] = [], settings: object = {}) =>
      run('reindex', args, { OPERATOR_EMAIL: email, OPERATOR_PASSWORD: password, ...settings });
    const status = async () => {
      const { searchIndex } = await vendor.person.ask(operations.SearchVersionsDocument, {});
      return searchIndex;
    };
    // The products of the feeds before are in it, and the first filling is over.
    await until(async () => (await status()).versions[0]!.documentCount >= 495, { what: 'an index of the products' });
    const { liveVersion: before } = await status();
    const made = await until(
      async () => {
        const result = await reindex();
        return result.code === 0 && result;
      },
      { timeoutMs: 60_000, what: 'a rebuild' },
    );
    const { liveVersion: after, versions } = await status();
    expect(after).not.toBe(before);
    const { documentCount } = versions.find(({ isLive }) => isLive)!;
    expect(made.out).toBe(`${after} is live, with ${documentCount} products\n`);
    expect(made.progress).toMatch(
      new RegExp(`\\[#{30}\\] 100 % {2}${documentCount} of ${documentCount} {2}products in ${after}`),
    );
    const back = await reindex(['--rollback']);
    expect(back).toMatchObject({ code: 0, out: expect.stringMatching(`^${before} is live again`) as string });
    expect((await status()).liveVersion).toBe(before);
  });
});
