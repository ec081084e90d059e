export * from './connection.ts';
export * from './context.ts';
export * from './errors.ts';
export { type RootField, rootFieldsOf } from './repeatable.ts';
export * from './scalars.ts';
export * from './schema.ts';
export * from './subgraph.ts';
export * from './viewer.ts';
