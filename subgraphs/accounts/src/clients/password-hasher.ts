import { hash, verify } from '@node-rs/argon2';
import { graphqlError } from '@marketgraph/platform/graphql';

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Without a stored hash the same work is done for nothing, so that unknown accounts take as long as known ones. */
  verify(storedHash: string | null, password: string): Promise<boolean>;
}

/** Argon2id with 19 MiB, two passes: 19,456 KiB per hash is why there are few at a time. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** A core each on a small machine: a flood of logins must not stall everything else. */
const AT_ONCE = 2;
/** About two seconds of work; who comes later is asked to come back. */
const MAX_WAITING = 64;

/** What the hasher asks of argon2; tests count these calls. */
export interface Argon2 {
  hash(password: string, cost: typeof COST): Promise<string>;
  verify(storedHash: string, password: string): Promise<boolean>;
}

export function passwordHasher(argon2: Argon2 = { hash, verify }): PasswordHasher {
  const run = boundedQueue({ atOnce: AT_ONCE, maxWaiting: MAX_WAITING });
  let nobody: Promise<string> | undefined;
  return {
    hash: (password) => run(() => argon2.hash(password, COST)),
    verify: async (storedHash, password) => {
      // Made before it is needed for an unknown account: the first of them must not take twice as long as a known one.
      nobody ??= run(() => argon2.hash('nobody has this password', COST));
      const decoy = await nobody.catch((error: unknown) => {
        nobody = undefined;
        throw error;
      });
      const matches = await run(() => argon2.verify(storedHash ?? decoy, password));
      return storedHash !== null && matches;
    },
  };
}

/** Runs at most so many at once and keeps the others in line; refuses when the line is too long. */
export function boundedQueue({ atOnce, maxWaiting }: { atOnce: number; maxWaiting: number }) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) {
        throw graphqlError('RATE_LIMITED', 'Too many people sign in at the moment. Try again in a few seconds.', {
          retryable: true,
        });
      }
      // Whoever ends hands its place over, so that `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
