import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { privateWordsIn } from './private-words.ts';

describe('what must not be in a log', () => {
  it.each([
    ['{"msg":"mail to bea-12ab@story.example"}', 'e-mail address'],
    ['{"token":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl"}', 'signed token'],
    ['authorization: Bearer abcdefghijklmnop', 'bearer token'],
    ['{"refresh":"0123456789012345678901234567890123456789abc"}', 'refresh token'],
    ['{"given":"mgk_0123456789012345678901234567890123456789abc"}', 'API key'],
    ['{"secret":"whsec_abcdef123456"}', 'secret of the provider'],
    ['{"hash":"$argon2id$v=19$m=65536"}', 'password hash'],
    ['postgres://orders:secret@127.0.0.1:5432/orders', 'credential in an address'],
    ['{"note":"pay with 4242 4242 4242 4242"}', 'card number'],
    ['{"to":"7 Harbour Street"}', 'something a buyer wrote'],
  ])('%s', async (line, what) => {
    const folder = await mkdtemp(join(tmpdir(), 'logs-'));
    try {
      await writeFile(join(folder, 'orders.log'), `{"level":"info","msg":"ready"}\n${line}\n`);
      const found = await privateWordsIn(folder, ['7 Harbour Street']);
      expect(found.map((one) => one.split(': ')[1])).toEqual([what]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
