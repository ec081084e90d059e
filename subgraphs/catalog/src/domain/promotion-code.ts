import { accept } from '@marketgraph/platform/core';
import { type Outcome, refuse } from './outcome.ts';

const MIN_CODE = 3;
const MAX_CODE = 40;
/** Plain letters and digits: nothing of another alphabet can pass for one of them. */
const CODE = /^[A-Z0-9]+(?:-[A-Z0-9]+)*$/;
/** Read from a poster or over the telephone these are one character. */
const LOOK_ALIKES: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };

/** As it is stored and shown: capitals, single hyphens between groups. */
export function readCode(given: string): Outcome<string> {
  const code = given.trim().toUpperCase();
  return code.length <= MAX_CODE && CODE.test(code) && codeKey(code).length >= MIN_CODE
    ? accept(code)
    : refuse(
        'INVALID',
        `A code has ${MIN_CODE} to ${MAX_CODE} letters A to Z and digits, with single hyphens between them.`,
        ['code'],
      );
}

/**
 * What a code is found by and unique by: `SUMMER-10`, `summer10` and `SUMMERIO`
 * are the same, so that nobody's code can be mistaken for another's. Undefined
 * for what cannot be a code.
 */
export function codeKeyOf(given: string): string | undefined {
  const code = readCode(given);
  return code.ok ? codeKey(code.value) : undefined;
}

function codeKey(code: string): string {
  return code.replace(/-/g, '').replace(/[OIL]/g, (letter) => LOOK_ALIKES[letter]!);
}
