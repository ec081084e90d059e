// The same suites once more, with the stock executor in place of ours: it stays usable, and clients see no difference.
process.env['GATEWAY_EXECUTOR'] = 'stock';
await import('./http.int.test.ts');
await import('./identity.int.test.ts');
