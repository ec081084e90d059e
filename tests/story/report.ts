import colors from 'picocolors';

/** Tells the story while it is played: each step with its time and what was seen. */
export interface Report {
  step(number: number, title: string): void;
  saw(what: string): void;
}

export function printedReport(): Report {
  let begin = performance.now();
  return {
    step(number, title) {
      begin = performance.now();
      process.stdout.write(`\n${colors.bold(`${number}. ${title}`)}\n`);
    },
    saw(what) {
      const elapsed = `${((performance.now() - begin) / 1_000).toFixed(2)} s`.padStart(8);
      process.stdout.write(`  ${colors.dim(elapsed)}  ${colors.green('✓')} ${what}\n`);
    },
  };
}

export const silentReport: Report = { step: () => undefined, saw: () => undefined };

/** Something differs from what the story promises. */
export class StoryError extends Error {
  override readonly name = 'StoryError';
}

export function expectThat(holds: boolean, what: string, seen?: unknown): asserts holds {
  if (!holds) throw new StoryError(seen === undefined ? what : `${what}; seen: ${JSON.stringify(seen)}`);
}

/** The changed object of a payload, or an error that says why the mutation was refused. */
export function accepted<T>(
  what: string,
  value: T | null | undefined,
  userErrors: readonly { code: string; message: string }[],
): T {
  if (value === null || value === undefined || userErrors.length > 0) {
    throw new StoryError(
      `${what} was refused: ${userErrors.map(({ code, message }) => `${code} ${message}`).join('; ')}`,
    );
  }
  return value;
}
