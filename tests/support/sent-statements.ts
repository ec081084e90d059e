import pg from 'pg';

/** What the services of this process send to PostgreSQL from now on, by service and text. Undone by `stop`. */
export interface SentStatements {
  /** How often each was sent; the key begins with the service's name. */
  readonly counts: ReadonlyMap<string, number>;
  /** What was sent at once each time, by the same names: an answer was waited for as often. */
  readonly trips: readonly (readonly string[])[];
  clear(): void;
  stop(): void;
}

/** Connections of a service say whose they are; those of a test do not, and are left out. */
interface Named {
  connectionParameters: { application_name?: string };
}

type Sent = string | { text?: string; statements?: readonly { text: string }[] };

function textsOf(sent: Sent): string[] {
  if (typeof sent === 'string') return [sent];
  return sent.statements?.map(({ text }) => text) ?? [sent.text ?? ''];
}

export function watchStatements(services: readonly string[]): SentStatements {
  const counts = new Map<string, number>();
  const trips: string[][] = [];
  const { prototype } = pg.Client;
  const send = prototype.query;
  prototype.query = function (this: pg.Client & Named, ...parameters: unknown[]) {
    const service = this.connectionParameters.application_name;
    if (service && services.includes(service)) {
      const texts = textsOf(parameters[0] as Sent).map((text) => `${service}: ${text.replaceAll(/\s+/g, ' ').trim()}`);
      trips.push(texts);
      for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return (send as (...all: unknown[]) => unknown).apply(this, parameters);
  } as typeof send;
  return {
    counts,
    trips,
    clear() {
      counts.clear();
      trips.length = 0;
    },
    stop: () => void (prototype.query = send),
  };
}
