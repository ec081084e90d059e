import { describe, expect, it } from 'vitest';
import { backendCpu } from './backend-cpu.ts';

/** A server whose processes are whatever it is told. */
function aServer(looks: number[][]) {
  const server = {
    rows: async <Row extends object>() => (looks.shift() ?? []).map((pid) => ({ pid }) as unknown as Row),
    number: async () => 0,
    end: async () => undefined,
  };
  return server;
}

/** Above what a kernel gives out. */
const NO_PROCESS = 2 ** 30;

function burn(): void {
  const begin = process.cpuUsage();
  while (process.cpuUsage(begin).user < 60_000);
}

describe('CPU of a neighbour on the same server', () => {
  it('grows by what its processes use, and keeps what those used that have left', async () => {
    const used = backendCpu(aServer([[process.pid], [process.pid, NO_PROCESS], []]), ['one']);
    const first = await used();
    burn();
    const second = await used();
    expect(second - first).toBeGreaterThanOrEqual(40);
    expect(await used()).toBe(second);
  });
});
