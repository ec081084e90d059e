export * from './card-numbers.ts';
export * from './clock.ts';
export * from './crash-point.ts';
export * from './ids.ts';
export * from './money.ts';
export * from './outage.ts';
export * from './result.ts';
export * from './single-flight.ts';
