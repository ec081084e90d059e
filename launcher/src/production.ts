import { ConfigurationError, type Environment } from '@marketgraph/platform/config';

/** What this machine would stand in for, and how to name the real one. */
const STAND_INS = [
  ['MONGODB_URL'],
  ['TYPESENSE_URL', 'TYPESENSE_API_KEY'],
  ['STRIPE_SECRET_KEY', 'STRIPE_PUBLISHABLE_KEY', 'STRIPE_WEBHOOK_SECRET'],
].flat();

/** Whether services are started for production. Throws everything that must not be so there; each service adds its own. */
export function isProduction(env: Environment, { demo }: { demo: boolean }): boolean {
  if (env['NODE_ENV'] !== 'production') return false;
  const problems = STAND_INS.filter((name) => !env[name]).map(
    (name) => `${name} is not set, and a stand-in must not serve customers`,
  );
  if (demo) problems.push('the demo accounts have a known password: start with --no-demo');
  if (problems.length > 0) {
    throw new ConfigurationError([...problems, 'or leave NODE_ENV unset, to try the marketplace on this machine']);
  }
  return true;
}
