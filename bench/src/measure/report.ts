import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import colors from 'picocolors';
import { peerVersions } from './peers.ts';

/** One figure beside what it should be. Reported, never asserted: machines differ. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  limit: number;
  /** Which side of the limit is good. */
  want: 'at most' | 'at least';
  /** What cannot be had for less, or faster, on this machine: measured in the same run and in the same unit. */
  bound?: { of: string; value: number };
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
    write(
      `${mark} ${what.padEnd(58)} ${`${value} ${unit}`.padStart(14)}  ${colors.dim(`${sign} ${limit} ${unit}${besideBound(figure)}`)}\n`,
    );
  }
}

/** How many times the bound a figure is; nothing where there is none. */
export function timesBound({ value, bound }: Figure): number | undefined {
  return bound && bound.value > 0 ? Number((value / bound.value).toPrecision(3)) : undefined;
}

function besideBound(figure: Figure): string {
  const { bound, unit } = figure;
  return bound ? `; ${bound.of}: ${bound.value} ${unit}, × ${timesBound(figure)}` : '';
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
    figures: report.figures.map(judged),
    notes: report.notes ?? [],
    details: report.details,
  };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  for (const { name, svg } of report.plots ?? []) await writeFile(`${stem}-${name}.svg`, svg);
  return file;
}

function judged(figure: Figure) {
  return { ...figure, reached: isReached(figure), timesBound: timesBound(figure) };
}

/** What became of one benchmark of a run. */
export interface Outcome {
  name: string;
  seconds: number;
  report?: Report;
  /** Why there is no report. */
  failure?: string;
}

/** All figures of a run in one table, the bounds beside them. */
export function printSummary(outcomes: readonly Outcome[], write: (text: string) => void): void {
  const rows = outcomes.flatMap(({ name, report }) =>
    (report?.figures ?? []).map((figure) => ({
      benchmark: name,
      figure: figure.name,
      value: `${figure.value} ${figure.unit}`,
      limit: `${figure.want === 'at most' ? '≤' : '≥'} ${figure.limit}`,
      reached: isReached(figure) ? 'yes' : 'no',
      'cannot be had for less': figure.bound ? `${figure.bound.value} (${figure.bound.of})` : '',
      '×': timesBound(figure) ?? '',
    })),
  );
  if (rows.length > 0) write(`\n${colors.bold('All figures')}\n${tableOf(rows)}`);
  for (const { name, failure } of outcomes) {
    if (failure !== undefined) write(`${colors.red('✗')} ${name} has no figures: ${failure}\n`);
  }
  const seconds = outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  const each = outcomes.map((outcome) => `${outcome.name} ${Math.round(outcome.seconds)} s`).join(', ');
  write(`${Math.round(seconds)} s in all: ${each}\n`);
}

/** `bench/results/<date>.json`: the figures of all benchmarks of one run; the rounds are in the file of each. */
export async function writeSummary(
  outcomes: readonly Outcome[],
  folder = join(ROOT, 'bench', 'results'),
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = join(folder, `${at.slice(0, 10)}.json`);
  const content = {
    at,
    machine: machineFacts(),
    versions: await versions(),
    benchmarks: outcomes.map(({ name, seconds, failure, report }) => ({
      name,
      seconds: Math.round(seconds),
      ...(failure === undefined ? {} : { failure }),
      figures: report?.figures.map(judged) ?? [],
      tables: report?.tables ?? [],
      notes: report?.notes ?? [],
    })),
  };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
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
    ...(await peerVersions()),
  };
}
