import { describe, expect, it } from 'vitest';
import { repositoryFiles } from '../support/repository.ts';

/** A test may be a long table; what it tests may not be long. */
const MAX_LINES = 400;
const MAX_TEST_LINES = 500;
/** A stand-in keeps the grammar of the server it stands in for, and generated files are nobody's to read. */
const EXEMPT = /^(emulators|schema\/generated)\//;
const TEST = /\.(test|e2e|conformance|chaos)\.ts$|^tests\//;
/** What may stand between the name of a thing and `.ts`. */
const ROLES =
  'test|int|conformance|e2e|chaos|bench|d|type|input|payload|enums?|resolver|mutations|subscriptions?|entity|collection|config';

const sources = repositoryFiles().filter(({ path }) => path.endsWith('.ts'));

describe('the house', () => {
  it(`keeps sources under ${MAX_LINES} lines and tests under ${MAX_TEST_LINES}`, () => {
    expect(sources.length).toBeGreaterThan(200);
    const long = sources
      .filter(({ path }) => !EXEMPT.test(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (TEST.test(path) ? MAX_TEST_LINES : MAX_LINES));
    expect(long).toEqual([]);
  });

  it('names files in kebab-case, after what is in them', () => {
    const names = sources.map(({ path }) => path.split('/').at(-1)!);
    const shape = new RegExp(`^[a-z0-9]+(-[a-z0-9]+)*(\\.(${ROLES}))*\\.ts$`);
    expect(names.filter((name) => !shape.test(name))).toEqual([]);
    expect(names.filter((name) => /^(utils?|helpers?|common|manager|types|index)\.ts$/.test(name))).toEqual([]);
  });
});
