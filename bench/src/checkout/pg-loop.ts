import pg from 'pg';
import type { Script } from './pgbench.ts';

/**
 * The same transactions from here, for a machine without pgbench: prepared once
 * per connection, one under way at a time on each. Node costs more than
 * pgbench does, so the yardstick is shorter and ratios to it are better.
 */
export async function driveLoop(
  url: string,
  { upTo, statements }: Script,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<number> {
  const connections = Array.from({ length: clients }, () => new pg.Client({ connectionString: url }));
  try {
    await Promise.all(connections.map((connection) => connection.connect()));
    const begin = performance.now();
    let done = 0;
    await Promise.all(
      connections.map(async (connection) => {
        while (performance.now() - begin < seconds * 1_000) {
          const number = 1 + Math.floor(Math.random() * upTo);
          for (const [index, text] of statements.entries()) {
            const takesNumber = text.includes('@');
            await connection.query({
              name: `bench-${index}`,
              text: text.replaceAll('@', '$1::int'),
              values: takesNumber ? [number] : [],
            });
          }
          done += 1;
        }
      }),
    );
    return done / ((performance.now() - begin) / 1_000);
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
  }
}
