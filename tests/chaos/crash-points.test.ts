import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crashPoints as buyingPoints, payingOutPoints } from './crash-points.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const SIDES = ['before', 'after'];

/** Names as the code has them; what it fills in at run time is a star. */
function namesInCode(): string[] {
  const files = execFileSync('git', ['ls-files', 'platform/src', 'subgraphs'], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('core/crash-point.ts'));
  return files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return [...text.matchAll(/\b(crashPoint|betweenCrashPoints)\(\s*(?:'([^']+)'|`([^`]+)`)/g)].flatMap(
      ([, call, literal, template]) => {
        const name = literal ?? template!.replaceAll(/\$\{[^}]+\}/g, '*');
        return call === 'crashPoint' ? [name] : SIDES.map((side) => `${name}.${side}`);
      },
    );
  });
}

const matches = (pattern: string, name: string) =>
  new RegExp(`^${pattern.split('*').map(RegExp.escape).join('[A-Z_]+')}$`).test(name);

const crashPoints = [...buyingPoints, ...payingOutPoints];

describe('the crash matrix', () => {
  const inCode = namesInCode();

  it('names only points that the code has', () => {
    const unknown = crashPoints.filter(({ point }) => !inCode.some((pattern) => matches(pattern, point)));
    expect(unknown).toEqual([]);
  });

  it('leaves none of them out, and has at least the 24 that were asked for', () => {
    const forgotten = inCode.filter((pattern) => !crashPoints.some(({ point }) => matches(pattern, point)));
    expect(forgotten).toEqual([]);
    expect(crashPoints.length).toBeGreaterThanOrEqual(24);
    expect(new Set(crashPoints.map(({ service, point, nth }) => `${service} ${point} ${nth}`)).size).toBe(
      crashPoints.length,
    );
  });
});
