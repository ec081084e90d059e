/** Reads the environment of one service. Only `config.ts` files and `main.ts` use it. */
export interface Settings {
  /** The value, or undefined when it is unset or empty. */
  optional(name: string): string | undefined;
  required(name: string): string;
  integer(name: string, fallback: number, range?: { min?: number; max?: number }): number;
  flag(name: string, fallback?: boolean): boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names every bad or missing setting at once, so that one start shows all that is to be mended. */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`Configuration: ${problems.join('; ')}`);
    this.name = 'ConfigurationError';
  }
}

/** Runs all of them and throws what all of them found, not only what the first did. */
export function readTogether<Readers extends readonly (() => unknown)[]>(
  ...readers: Readers
): { [Index in keyof Readers]: ReturnType<Readers[Index]> } {
  const problems: string[] = [];
  const read = readers.map((reader) => {
    try {
      return reader();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  });
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)]);
  return read as { [Index in keyof Readers]: ReturnType<Readers[Index]> };
}

/**
 * `ORDERS_DATABASE_URL` before `DATABASE_URL`: a process of its own may use the
 * short name, several services in one process use the long one.
 */
export function settingsOf(service: string, env: Environment): Settings {
  const prefix = service === '' ? '' : `${service.toUpperCase()}_`;
  const read = (name: string) => env[prefix + name] || env[name] || undefined;
  return {
    optional: read,
    required(name) {
      const value = read(name);
      if (value === undefined) throw new ConfigurationError([`${prefix}${name} is not set`]);
      return value;
    },
    integer(name, fallback, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
      const text = read(name);
      if (text === undefined) return fallback;
      const value = Number(text);
      if (!Number.isInteger(value) || value < min || value > max) {
        throw new ConfigurationError([`${prefix}${name} must be an integer from ${min} to ${max}, not "${text}"`]);
      }
      return value;
    },
    flag(name, fallback = false) {
      const text = read(name);
      if (text === undefined) return fallback;
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      if (/^(0|false|no|off)$/i.test(text)) return false;
      throw new ConfigurationError([`${prefix}${name} must be true or false, not "${text}"`]);
    },
  };
}
