import { describe, expect, it } from 'vitest';
import { repositoryFiles } from '../support/repository.ts';

/** What keys of the kinds this product meets look like. Test keys of Stripe with a made-up tail are told apart by their entropy. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  'a private key in PEM': /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/g,
  'a live key of Stripe': /\b[rs]k_live_[A-Za-z0-9]{10,}/g,
  'a test key of Stripe': /\b[rs]k_test_(?:51)[A-Za-z0-9]{40,}/g,
  'a webhook secret of Stripe': /\bwhsec_[A-Za-z0-9+/]{32,}/g,
  'a key of AWS': /\bAKIA[0-9A-Z]{16}\b/g,
  'a token of GitHub': /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})/g,
  'a token of npm': /\bnpm_[A-Za-z0-9]{36}\b/g,
  'a key of Google': /\bAIza[0-9A-Za-z_-]{35}\b/g,
  'a token of Slack': /\bxox[abprs]-[0-9A-Za-z-]{20,}/g,
  'a signed token': /\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}/g,
  'the private half of a JWK': /["']?\bd["']?\s*:\s*["'][A-Za-z0-9_-]{43}["']/g,
};

/** Published in RFC 8037, for tests that need any key: it protects nothing. */
const PUBLIC_KNOWLEDGE = ['nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A'];

interface Found {
  path: string;
  kind: string;
}

function secretsIn(files: readonly { path: string; text: string }[]): Found[] {
  return files.flatMap(({ path, text }) =>
    Object.entries(PATTERNS).flatMap(([kind, pattern]) =>
      [...text.matchAll(pattern)]
        .filter(([hit]) => !PUBLIC_KNOWLEDGE.some((known) => hit.includes(known)))
        .map(() => ({ path, kind })),
    ),
  );
}

describe('X16 secrets', () => {
  it('are not in the repository', () => {
    const files = repositoryFiles();
    expect(files.length).toBeGreaterThan(300);
    expect(secretsIn(files)).toEqual([]);
  });

  it('would be found: each pattern finds a key of its kind', () => {
    const letters = 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG'.repeat(3);
    const samples: Readonly<Record<string, string>> = {
      'a private key in PEM': `-----BEGIN ${'PRIVATE'} KEY-----\nMC4CAQAwBQYDK2Vw`,
      'a live key of Stripe': `sk_${'live'}_${letters.slice(0, 24)}`,
      'a test key of Stripe': `sk_${'test'}_51${letters.slice(0, 60)}`,
      'a webhook secret of Stripe': `whsec${'_'}${letters.slice(0, 32)}`,
      'a key of AWS': `AKIA${'Q7'.repeat(8)}`,
      'a token of GitHub': `ghp${'_'}${letters.slice(0, 36)}`,
      'a token of npm': `npm${'_'}${letters.slice(0, 36)}`,
      'a key of Google': `AIza${letters.slice(0, 35)}`,
      'a token of Slack': `xoxb${'-'}${letters.slice(0, 30)}`,
      'a signed token': ['eyJ', 'eyJ', ''].map((head) => head + letters.slice(0, 45)).join('.'),
      'the private half of a JWK': `"d": "${letters.slice(0, 43)}"`,
    };
    for (const kind of Object.keys(PATTERNS)) {
      expect(secretsIn([{ path: 'sample', text: samples[kind]! }]), kind).toEqual([{ path: 'sample', kind }]);
    }
  });

  it('are not committed as files: no .env, no key file, no data folder', () => {
    const named = repositoryFiles()
      .map(({ path }) => path)
      .filter((path) =>
        /(^|\/)(\.env(\.(?!example$)\w+)?|.*\.(pem|key|p12|pfx)|secrets\.json|keys\.json)$|^\.data\//.test(path),
      );
    expect(named).toEqual([]);
  });
});
