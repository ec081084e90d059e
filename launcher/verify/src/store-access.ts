import { z } from 'zod';

/** Where the stores are and how an operator reads them. The launcher writes it beside the data. */
const databaseUrls = z.object({
  /** As the role that owns the tables: reads everything. */
  ownerUrl: z.string(),
  /** As the application: shows what it may not do. */
  appUrl: z.string(),
});

export const storeAccessShape = z.object({
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

export type StoreAccess = z.infer<typeof storeAccessShape>;
