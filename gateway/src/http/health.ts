import type { SubgraphTransport } from '@marketgraph/platform/serve';

export interface Health {
  /** Whether the graph can be used; what is missing by name. */
  readiness(): Promise<{ ready: boolean; missing: string[] }>;
}

const TIMEOUT_MS = 3_000;

/** Ready when every required subgraph is, and Redis answers. Names only: addresses and reasons stay in the logs. */
export function createHealth(options: {
  transport: SubgraphTransport;
  /** Those of the graph of now. */
  subgraphs(): readonly string[];
  optional: readonly string[];
  pingRedis(): Promise<unknown>;
}): Health {
  const { transport, subgraphs, optional, pingRedis } = options;
  return {
    async readiness() {
      const checks: [name: string, check: Promise<boolean>][] = [
        ['redis', pingRedis().then(() => true)],
        ...subgraphs().map((name): [string, Promise<boolean>] => [
          name,
          transport.readiness(name).then(({ ready }) => ready),
        ]),
      ];
      const missing: string[] = [];
      await Promise.all(
        checks.map(async ([name, check]) => {
          if (!(await withinTime(check))) missing.push(name);
        }),
      );
      return { ready: missing.every((name) => optional.includes(name)), missing: missing.toSorted() };
    },
  };
}

async function withinTime(check: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), TIMEOUT_MS);
  });
  try {
    return await Promise.race([check.catch(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
