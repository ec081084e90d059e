import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export const databaseNames = ['accounts', 'inventory', 'orders', 'payments'] as const;
export type DatabaseName = (typeof databaseNames)[number];

/** What there is to look at. What is not named is not looked at. */
export interface Where {
  /** As the application: what it may see is enough, and the role's own sessions are those that matter. */
  postgres: Partial<Record<DatabaseName, string>>;
  redisUrl?: string | undefined;
  mongodb: Partial<Record<'catalog' | 'reviews', string>>;
  typesense?: { url: string; apiKey: string } | undefined;
  stripe?: { secretKey: string; url?: string | undefined } | undefined;
  /** The public address of the gateway. */
  graphUrl?: string | undefined;
}

const databaseUrls = z.object({ appUrl: z.string() });
/** What the launcher writes for operators on this machine. */
const operatorAccess = z.object({
  postgres: z.object({
    accounts: databaseUrls,
    inventory: databaseUrls,
    orders: databaseUrls,
    payments: databaseUrls,
  }),
  redisUrl: z.string(),
  mongodb: z.object({ catalog: z.string(), reviews: z.string() }),
  typesense: z.object({ url: z.string(), apiKey: z.string() }),
  stripe: z.object({ secretKey: z.string(), url: z.string().optional() }),
});
const client = z.object({ url: z.string() });

type Environment = Readonly<Record<string, string | undefined>>;

/** The stores that the environment names. Nothing: it names none. */
export function whereInEnvironment(env: Environment): Where | undefined {
  const mongo = (name: string) => env[`${name}_MONGODB_URL`] || withDatabase(env['MONGODB_URL'], name.toLowerCase());
  const { TYPESENSE_URL: typesenseUrl, TYPESENSE_API_KEY: apiKey = '', STRIPE_SECRET_KEY: secretKey } = env;
  const where: Where = {
    postgres: Object.fromEntries(
      databaseNames.flatMap((name) => {
        const url = env[`${name.toUpperCase()}_DATABASE_URL`];
        return url ? [[name, url]] : [];
      }),
    ),
    redisUrl: env['REDIS_URL'] || undefined,
    mongodb: Object.fromEntries(
      ['CATALOG', 'REVIEWS'].flatMap((name) => {
        const url = mongo(name);
        return url ? [[name.toLowerCase(), url]] : [];
      }),
    ),
    typesense: typesenseUrl ? { url: typesenseUrl, apiKey } : undefined,
    stripe: secretKey ? { secretKey, url: env['STRIPE_API_URL'] || undefined } : undefined,
    graphUrl: env['GRAPH_URL'] || undefined,
  };
  const { postgres, mongodb, redisUrl, typesense, stripe, graphUrl } = where;
  const named = [...Object.values(postgres), ...Object.values(mongodb), redisUrl, typesense, stripe, graphUrl];
  return named.some((one) => one !== undefined) ? where : undefined;
}

/** Those of the marketplace that was started on this data folder. */
export async function whereInFolder(dataDir: string): Promise<Where> {
  const file = join(dataDir, 'operator-access.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(
      `No marketplace has been started on this data folder: ${file} is missing. Start it, or name the stores in the environment.`,
    );
  });
  const { postgres, redisUrl, mongodb, typesense, stripe } = operatorAccess.parse(JSON.parse(text));
  const graph = await readFile(join(dataDir, 'client.json'), 'utf8').catch(() => null);
  return {
    postgres: Object.fromEntries(databaseNames.map((name) => [name, postgres[name].appUrl])),
    redisUrl,
    mongodb,
    typesense,
    stripe,
    graphUrl: graph === null ? undefined : client.parse(JSON.parse(graph)).url,
  };
}

/** A server's address with the database of one service. */
function withDatabase(url: string | undefined, database: string): string | undefined {
  if (!url) return undefined;
  const named = new URL(url);
  if (named.pathname.length <= 1) named.pathname = `/${database}`;
  return named.href;
}
