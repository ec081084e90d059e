import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import colors from 'picocolors';

/** One figure beside what it should be. Reported, never asserted: machines differ. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  limit: number;
  /** Which side of the limit is good. */
  want: 'at most' | 'at least';
}

/** What a benchmark hands out: printed for people, kept as JSON for comparisons. */
export interface Report {
  name: string;
  figures: Figure[];
  /** Further tables, each row by column. */
  tables: { title: string; rows: Record<string, string | number>[] }[];
  /** Pictures, kept beside the JSON as `<date>-<name>-<plot>.svg`. */
  plots?: { name: string; svg: string }[];
  /** What is missing, and why. */
  notes?: string[];
  /** Everything else that was measured, rounds included. */
  details: object;
}

export function isReached({ value, limit, want }: Figure): boolean {
  return want === 'at most' ? value <= limit : value >= limit;
}

export function printReport({ name, figures, tables, notes = [] }: Report, write: (text: string) => void): void {
  write(`\n${colors.bold(name)}\n`);
  for (const { title, rows } of tables) write(`\n${title}\n${tableOf(rows)}`);
  write('\n');
  for (const note of notes) write(`${colors.yellow('!')} ${note}\n`);
  for (const figure of figures) {
    const { name: what, value, unit, limit, want } = figure;
    const mark = isReached(figure) ? colors.green('✓') : colors.red('✗');
    const sign = want === 'at most' ? '≤' : '≥';
    write(`${mark} ${what.padEnd(58)} ${`${value} ${unit}`.padStart(14)}  ${colors.dim(`${sign} ${limit} ${unit}`)}\n`);
  }
}

export function tableOf(rows: readonly Record<string, string | number>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!))).join('  ')}\n`;
  return line(columns) + rows.map((row) => line(columns.map((column) => String(row[column] ?? '')))).join('');
}

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

/** `bench/results/<date>-<name>.json`, and its plots; a second run of a day replaces the first. */
export async function writeReport(report: Report, folder = join(ROOT, 'bench', 'results')): Promise<string> {
  await mkdir(folder, { recursive: true });
  const stem = join(folder, `${new Date().toISOString().slice(0, 10)}-${report.name}`);
  const file = `${stem}.json`;
  const content = {
    name: report.name,
    at: new Date().toISOString(),
    machine: machineFacts(),
    versions: await versions(),
    figures: report.figures.map((figure) => ({ ...figure, reached: isReached(figure) })),
    notes: report.notes ?? [],
    details: report.details,
  };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  for (const { name, svg } of report.plots ?? []) await writeFile(`${stem}-${name}.svg`, svg);
  return file;
}

export function machineFacts() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    /** Of the last minute when the figures were written: what else the machine had to do shows here. */
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

/** What was compared: the commit, and the packages that matter as they are locked. */
async function versions(): Promise<Record<string, string>> {
  const catalog = await readFile(join(ROOT, 'pnpm-workspace.yaml'), 'utf8');
  const peers = JSON.parse(await readFile(join(ROOT, 'bench', 'peers', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const pinned = (name: string) => new RegExp(`^  '?${name}'?: (\\S+)$`, 'm').exec(catalog)?.[1] ?? 'unknown';
  const commit = await promisify(execFile)('git', ['describe', '--always', '--dirty'], { cwd: ROOT }).then(
    ({ stdout }) => stdout.trim(),
    () => 'unknown',
  );
  return {
    commit,
    ...Object.fromEntries(
      ['@apollo/gateway', '@apollo/server', 'graphql', 'undici', 'ws'].map((name) => [name, pinned(name)]),
    ),
    ...peers.dependencies,
  };
}
