import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '..', '..');

interface Job {
  'runs-on': string;
  'timeout-minutes'?: number;
  services?: Record<string, { image: string }>;
  env?: Record<string, string>;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

const text = readFileSync(resolve(ROOT, '.github', 'workflows', 'ci.yml'), 'utf8');
const workflow = parse(text) as { permissions: Record<string, string>; jobs: Record<string, Job> };
const jobs = Object.entries(workflow.jobs);
const composed = parse(readFileSync(resolve(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, { image: string }>;
};

describe('the CI workflow', () => {
  it('runs what everybody runs, with the oldest Node that is promised', () => {
    const { steps } = workflow.jobs['test']!;
    expect(steps.at(-1)!.run).toBe('.ci/run');
    expect(existsSync(resolve(ROOT, '.ci', 'run'))).toBe(true);
    const { engines } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    for (const [, job] of jobs) {
      const version = job.steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'))?.with?.['node-version'];
      expect(engines.node).toBe(`>=${String(version)}`);
    }
  });

  it.each(jobs)('%s ends in time, on a named system, and uses actions by their commit', (_, job) => {
    expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    expect(job['runs-on']).toMatch(/-\d/);
    for (const { uses } of job.steps) if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  it('may read the repository and nothing else', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const [name, job] of jobs) expect(Object.keys(job), name).not.toContain('permissions');
    expect(text).not.toMatch(/secrets\.|pull_request_target/);
  });

  it('holds the emulators to the servers that the compose file names', () => {
    const { services, env, steps } = workflow.jobs['conformance']!;
    expect(services!['typesense']!.image).toBe(composed.services['typesense']!.image);
    expect(steps.map(({ run = '' }) => run).join('\n')).toContain(composed.services['mongodb']!.image);
    const read = ['mongodb/test/server-under-test.ts', 'typesense/test/target.ts']
      .map((file) => readFileSync(resolve(ROOT, 'emulators', file), 'utf8'))
      .join('\n');
    for (const name of Object.keys(env!)) expect(read, name).toContain(name);
  });
});
