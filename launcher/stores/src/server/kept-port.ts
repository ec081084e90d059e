import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { assertPortFree, freePort } from './free-port.ts';

/** A port that stays with a data folder, for servers that write their own address into their data. */
export async function keptPort(store: string, file: string, wanted: number | undefined): Promise<number> {
  const kept = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  const port = wanted || kept || (await freePort());
  await assertPortFree(store, port);
  writeFileSync(file, String(port));
  return port;
}
