import pg from 'pg';

/** What the services of this process send to PostgreSQL from now on, by service and text. Undone by `stop`. */
export interface SentStatements {
  /** How often each was sent; the key begins with the service's name. */
  readonly counts: ReadonlyMap<string, number>;
  clear(): void;
  stop(): void;
}

/** Connections of a service say whose they are; those of a test do not, and are left out. */
interface Named {
  connectionParameters: { application_name?: string };
}

export function watchStatements(services: readonly string[]): SentStatements {
  const counts = new Map<string, number>();
  const { prototype } = pg.Client;
  const send = prototype.query;
  prototype.query = function (this: pg.Client & Named, ...parameters: unknown[]) {
    const service = this.connectionParameters.application_name;
    if (service && services.includes(service)) {
      const [statement] = parameters as [string | { text?: string }];
      const text = (typeof statement === 'string' ? statement : (statement.text ?? '')).replaceAll(/\s+/g, ' ').trim();
      const key = `${service}: ${text}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return (send as (...all: unknown[]) => unknown).apply(this, parameters);
  } as typeof send;
  return {
    counts,
    clear: () => counts.clear(),
    stop: () => void (prototype.query = send),
  };
}
