/** `stock` is the one of `@apollo/gateway`, to compare with and to fall back on. */
export const executors = ['own', 'stock'] as const;
export type ExecutorName = (typeof executors)[number];
