import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSampleOperations } from './sample-operations.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marketgraph-samples-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const names = async () => (await readSampleOperations(folder)).map(({ name }) => name);

describe('sample operations', () => {
  it('are none where there is no folder', async () => {
    expect(await readSampleOperations(join(folder, 'missing'))).toEqual([]);
  });

  it('come with their fragments and a place for what must be given; what needs nothing comes first', async () => {
    await writeFile(
      join(folder, 'a.graphql'),
      `mutation Change($id: ID!) { change(id: $id) { ...Part } }
       subscription Watch { watch }
       query Needy($id: ID!) { thing(id: $id) }
       query Free { free }
       fragment Part on Thing { id }`,
    );
    expect(await names()).toEqual(['Free', 'Watch', 'Needy', 'Change']);
    const change = (await readSampleOperations(folder)).at(-1)!;
    expect(change.text).toContain('fragment Part on Thing');
    expect(change.variables).toEqual({ id: '<ID!>' });
  });

  it('come in the order that is written down, before those that are not', async () => {
    await writeFile(join(folder, 'samples.txt'), 'Change\nWatch\nUnknown\n');
    expect(await names()).toEqual(['Change', 'Watch', 'Free', 'Needy']);
  });
});
