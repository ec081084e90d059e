import { type Check, type Outcome, runChecks, type Status, worst } from './check.ts';
import { blockersCheck } from './checks/blockers.ts';
import { graphCheck, indexLagCheck } from './checks/graph.ts';
import { groupsCheck } from './checks/groups.ts';
import { mongoCheck } from './checks/mongodb.ts';
import { mongoOutboxCheck, outboxCheck } from './checks/outbox.ts';
import { postgresCheck } from './checks/postgres.ts';
import { deadLettersCheck, redisCheck } from './checks/redis.ts';
import { runtimeCheck } from './checks/runtime.ts';
import { stripeCheck } from './checks/stripe.ts';
import { typesenseChecks } from './checks/typesense.ts';
import { databaseNames, type Where } from './where.ts';

export type { Outcome, Status } from './check.ts';
export { type Where, whereInEnvironment, whereInFolder } from './where.ts';

export interface Diagnosis {
  status: Status;
  checks: readonly Outcome[];
}

/** Looks at everything that is named, all at the same time. It reads, and changes nothing. */
export async function examine(
  where: Where,
  options: { now?: () => number; timeoutMs?: number } = {},
): Promise<Diagnosis> {
  const checks = await runChecks(checksOf(where), options);
  return { status: worst(checks.map(({ status }) => status)), checks };
}

function checksOf({ postgres, redisUrl, mongodb, typesense, stripe, graphUrl }: Where): Check[] {
  const databases = databaseNames.flatMap((name) => {
    const url = postgres[name];
    return url ? [{ name, url }] : [];
  });
  const documents = (['catalog', 'reviews'] as const).flatMap((name) => {
    const url = mongodb[name];
    return url ? [{ name, url }] : [];
  });
  return [
    runtimeCheck(),
    ...databases.map(({ name, url }) => postgresCheck(name, url)),
    ...documents.map(({ name, url }) => mongoCheck(name, url)),
    ...(redisUrl ? [redisCheck(redisUrl)] : []),
    ...(typesense ? typesenseChecks(typesense) : []),
    ...(stripe ? [stripeCheck(stripe)] : []),
    ...(graphUrl ? [graphCheck(graphUrl)] : []),
    ...databases.map(({ name, url }) => blockersCheck(name, url)),
    ...databases.map(({ name, url }) => outboxCheck(name, url)),
    ...documents.map(({ name, url }) => mongoOutboxCheck(name, url)),
    ...(redisUrl ? [groupsCheck(redisUrl), deadLettersCheck(redisUrl)] : []),
    ...(graphUrl ? [indexLagCheck(graphUrl)] : []),
  ];
}
