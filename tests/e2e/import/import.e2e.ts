import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { SOURCE_FLAGS } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';

const COMMAND = resolve(import.meta.dirname, '../../../launcher/src/import/main.ts');

describe('C17 the import command', () => {
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

  async function importFile(args: string[], password = vendor.credentials.password) {
    const child = spawn(process.execPath, [...SOURCE_FLAGS, COMMAND, ...args], {
      env: {
        PATH: process.env['PATH'],
        IMPORT_EMAIL: vendor.credentials.email,
        IMPORT_PASSWORD: password,
        GRAPH_URL: market.url,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, progress, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { out, progress, code: code as number };
  }

  it('brings a table into the shop with a bar, writes down what it refused, and changes nothing the second time', async () => {
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

  it('ends with 0 when every row was taken over, and with 2 and a reason when none could be', async () => {
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
});
