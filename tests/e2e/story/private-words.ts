import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withoutCardNumbers } from '@marketgraph/platform/core';

/** What belongs to people and to nobody who reads logs, by how it looks. */
const PRIVATE: Readonly<Record<string, RegExp>> = {
  'e-mail address': /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?:example|com|org|net|de)\b/g,
  'signed token': /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  'bearer token': /\bBearer [\w.~+/-]{12,}/gi,
  'refresh token': /(?<![\w-])[\w-]{43}(?![\w-])/g,
  'API key': /\bmgk_[\w-]{16,}/g,
  'secret of the provider': /\b(?:sk_(?:test|live)_\w{6,}|whsec_\w{6,}|pi_\w+_secret_\w+)/g,
  'password hash': /\$argon2\w*\$/g,
  'private key': /-----BEGIN|"d":"[\w-]{20,}"/g,
  'credential in an address': /:\/\/[^\s/:@"]+:[^\s/@"]+@/g,
};

/** Numbers of a span that may look like that of a card: by one in ten of their times they do. */
const NUMBERS_OF_SPANS = /"(?:startMs|durationMs)":[\d.]+|"(?:spanId|parentId|span_id)":"[0-9a-f]{16}"/g;

/** What is in these files and should not be; each with the line around it. `words` are those of this very run. */
export async function privateWordsIn(folder: string, words: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8');
    for (const written of text.split('\n')) {
      const line = written.replaceAll(NUMBERS_OF_SPANS, '');
      const hits = [
        ...Object.entries(PRIVATE).flatMap(([what, pattern]) => (line.match(pattern) ?? []).map(() => what)),
        ...words.filter((word) => line.includes(word)).map(() => 'something a buyer wrote'),
        ...(withoutCardNumbers(line) === line ? [] : ['card number']),
      ];
      for (const what of new Set(hits)) found.push(`${entry.name}: ${what}: ${line.slice(0, 400)}`);
    }
  }
  return found;
}
