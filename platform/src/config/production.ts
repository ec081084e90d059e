import { ConfigurationError, type Environment, settingsOf } from './settings.ts';

/** What a service must not be started with when `NODE_ENV` is `production`. */
export interface ProductionRules {
  /** Secrets that must be set, long, and in no document. */
  secrets?: readonly string[];
  /** The same, where they may be missing. */
  optionalSecrets?: readonly string[];
  /** Addresses of stores: with a password that is not a well-known one. */
  stores?: readonly string[];
  optionalStores?: readonly string[];
  /** Addresses that must be https when they are set. */
  https?: readonly string[];
  /** Flags for development that must not be on. */
  off?: readonly string[];
}

/** Hooks of tests: a process that would obey one must not serve customers. */
const TEST_HOOKS = ['CRASH_AT', 'CLOCK_OFFSET_MS'];

const MIN_SECRET_LENGTH = 16;
const MIN_PASSWORD_LENGTH = 8;
const MIN_DIFFERENT_CHARACTERS = 6;
/** A secret that consists of such words was copied from somewhere. */
const WORDS = [
  ...['secret', 'password', 'passwd', 'pass', 'changeme', 'change', 'replace', 'insert', 'default', 'placeholder'],
  ...['test', 'tests', 'testing', 'demo', 'example', 'sample', 'dev', 'development', 'local', 'localhost', 'prod'],
  ...['production', 'admin', 'root', 'user', 'guest', 'operator', 'buyer', 'vendor', 'postgres', 'redis', 'mongo'],
  ...['mongodb', 'typesense', 'stripe', 'cursor', 'gateway', 'signing', 'url', 'api', 'key', 'token', 'app', 'owner'],
  ...['marketplace', 'marketgraph', 'your', 'my', 'the', 'a', 'an', 'of', 'in', 'me', 'this', 'here', 'please', 'it'],
  ...['very', 'super', 'long', 'strong', 'must', 'be', 'to', 'qwerty', 'letmein', 'abc', 'xyz', 'foo', 'bar', 'sk'],
  ...['whsec', 'accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'],
];
/** Longer ones would take the expression below a long time, and nobody copies them by hand. */
const MAX_WORDS_LENGTH = 64;
/** The private key that every text about Ed25519 in JSON prints. */
const RFC_8037_KEY = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
const KNOWN = new RegExp(`^(?:${WORDS.toSorted((a, b) => b.length - a.length).join('|')}|\\d)+$`);

/** Throws a `ConfigurationError` that names everything that is wrong, when the service is started for production. */
export function refuseInProduction(service: string, env: Environment, rules: ProductionRules): void {
  const problems = productionProblems(service, env, rules);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/** None when the service is not started for production. Values are never repeated. */
export function productionProblems(service: string, env: Environment, rules: ProductionRules): string[] {
  const { optional } = settingsOf(service, env);
  if (optional('NODE_ENV') !== 'production') return [];
  const prefix = `${service.toUpperCase()}_`;
  // As it was given, so that it is found; as it is documented, when it was not.
  const named = (name: string) => (env[prefix + name] || !env[name] ? prefix + name : name);
  const each = (names: readonly string[] | undefined, problem: (value: string | undefined) => string | null) =>
    (names ?? []).flatMap((name) => {
      const found = problem(optional(name));
      return found === null ? [] : [`${named(name)} ${found}`];
    });
  return [
    ...each(rules.secrets, (value) => (value === undefined ? 'is not set' : weakness(value, MIN_SECRET_LENGTH))),
    ...each(rules.optionalSecrets, (value) => (value === undefined ? null : weakness(value, MIN_SECRET_LENGTH))),
    ...each(rules.stores, (value) => (value === undefined ? 'is not set' : storeProblem(value))),
    ...each(rules.optionalStores, (value) => (value === undefined ? null : storeProblem(value))),
    ...each(rules.https, (value) =>
      value === undefined || /^https:\/\//i.test(value) ? null : 'must be https in production',
    ),
    ...each(rules.off, (value) =>
      value === undefined || /^(0|false|no|off)$/i.test(value) ? null : 'must not be on in production',
    ),
    ...each(TEST_HOOKS, (value) =>
      value === undefined ? null : 'is a hook for tests and must not be set in production',
    ),
  ];
}

function weakness(secret: string, minLength: number): string | null {
  if (secret.length < minLength) return `is shorter than ${minLength} characters`;
  if (new Set(secret).size < MIN_DIFFERENT_CHARACTERS) return 'repeats a few characters';
  const letters = secret.toLowerCase().replace(/[^a-z0-9]/g, '');
  const isOfWords = letters.length <= MAX_WORDS_LENGTH && KNOWN.test(letters);
  return isOfWords || secret.includes(RFC_8037_KEY) ? 'is a well-known default' : null;
}

function storeProblem(address: string): string | null {
  if (!URL.canParse(address)) return 'is not a URL';
  const { password } = new URL(address);
  if (password === '') return 'has no password';
  const weak = weakness(decodeURIComponent(password), MIN_PASSWORD_LENGTH);
  return weak === null ? null : `has a password that ${weak}`;
}
