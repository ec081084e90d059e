import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { testRules } from '../../support/promtool.ts';
import { ROOT } from '../../support/repository.ts';

const MONITORING = join(ROOT, 'docs', 'monitoring');
const RULES = join(MONITORING, 'alerts.yml');
const TESTS = join(MONITORING, 'alerts.test.yml');

interface Rules {
  groups: { rules: { alert: string }[] }[];
}
interface RuleTests {
  tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
}

describe('X6 the alerts, by Prometheus itself', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'marketgraph-alerts-'));
    await copyFile(TESTS, join(folder, 'alerts.test.yml'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('fire when they should and only then', async () => {
    expect(await testRules(TESTS)).toMatchObject({ passed: true });
  });

  it('are all tried, with a case in which they fire and one in which they do not', async () => {
    const { groups } = parse(await readFile(RULES, 'utf8')) as Rules;
    const { tests } = parse(await readFile(TESTS, 'utf8')) as RuleTests;
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    const namesOf = (fires: boolean) =>
      new Set(cases.filter((one) => one.exp_alerts.length > 0 === fires).map(({ alertname }) => alertname));
    expect(namesOf(true)).toEqual(new Set(alerts));
    expect(namesOf(false)).toEqual(new Set(alerts));
  });

  it.each([
    ['one that fires too late', 'stream_oldest_pending_seconds) > 60', 'stream_oldest_pending_seconds) > 600'],
    ['one that fires too early', '> 0.01 * sum(rate', '> 0.001 * sum(rate'],
    ['one that is not a rule', 'max(checkout_saga_stuck) > 0', 'max(checkout_saga_stuck >'],
  ])('would not pass with %s', async (_, expression, other) => {
    const rules = await readFile(RULES, 'utf8');
    expect(rules).toContain(expression);
    await writeFile(join(folder, 'alerts.yml'), rules.replace(expression, other));
    expect(await testRules(join(folder, 'alerts.test.yml'))).toMatchObject({ passed: false });
  });
});
