import colors from 'picocolors';

const LABELS: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  redis: 'Redis',
  mongodb: 'MongoDB emulator',
  typesense: 'Typesense emulator',
  stripe: 'Stripe emulator',
  services: 'Gateway and seven subgraphs',
};

/** One line per thing that is up, with the seconds since the start. */
export function stepPrinter(begin: number): (step: string) => void {
  process.stdout.write(`${colors.bold('Marketgraph')} is starting\n`);
  return (step) => {
    const seconds = ((performance.now() - begin) / 1_000).toFixed(1).padStart(6);
    process.stdout.write(`${colors.dim(`${seconds} s`)}  ${colors.green('✓')} ${LABELS[step] ?? step}\n`);
  };
}
