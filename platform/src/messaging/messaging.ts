export * from './bus.ts';
export * from './consumer.ts';
export * from './envelope.ts';
export * from './inbox.ts';
export * from './loop.ts';
export * from './outbox.ts';
export * from './redis-bus.ts';
export * from './relay.ts';
