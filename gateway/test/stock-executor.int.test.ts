import { afterAll, beforeAll } from 'vitest';

// The same suites once more, with the stock executor in place of ours: it stays usable, and clients see no difference.
beforeAll(() => {
  process.env['GATEWAY_EXECUTOR'] = 'stock';
});
afterAll(() => {
  delete process.env['GATEWAY_EXECUTOR'];
});

// As modules of their own: those without the question belong to the other run of these suites.
const again = (suite: string): Promise<unknown> => import(/* @vite-ignore */ `${import.meta.dirname}/${suite}?stock`);
await again('http.int.test.ts');
await again('identity.int.test.ts');
