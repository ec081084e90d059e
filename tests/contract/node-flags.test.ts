import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MONOLITH_FLAGS } from '@marketgraph/launcher/node-flags';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');

it('the start command runs Node as benchmarks do, from the one file the build makes', () => {
  const { scripts } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['start']).toBe(
    `node launcher/build.js && node ${MONOLITH_FLAGS.join(' ')} launcher/dist/bundle/main.js`,
  );
});
