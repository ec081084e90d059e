export { type Columns, columnsOf, rowsAs } from './columns.ts';
export * from './database.ts';
export * from './database-clock.ts';
export * from './idempotency.ts';
export * from './inbox.ts';
export { afterCommit, executeAlong, executeTogether } from './lean-connection.ts';
export * from './outbox.ts';
export * from './plain-rows.ts';
