export * from './http-body.ts';
export * from './ids.ts';
export * from './internal-token.ts';
export * from './process.ts';
export * from './run-subgraph.ts';
export * from './server.ts';
export * from './subgraph-client.ts';
export * from './transport.ts';
