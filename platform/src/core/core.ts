export * from './clock.ts';
export * from './ids.ts';
export * from './money.ts';
export * from './result.ts';
