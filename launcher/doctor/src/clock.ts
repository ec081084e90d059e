import type { Judgement } from './check.ts';

/** Tokens, leases and cursors bear a second; what compares times of two machines does not bear much more. */
const WARN_SKEW_MS = 1_000;
const FAIL_SKEW_MS = 5_000;

/** How far another clock is ahead, from what it said between two looks at ours. Never more than is certain. */
export function skewMs({ asked, answered }: { asked: number; answered: number }, theirs: number): number {
  if (theirs < asked) return theirs - asked;
  return theirs > answered ? theirs - answered : 0;
}

/** Nothing, when the clocks agree. */
export function judgeSkew(skew: number): Judgement | undefined {
  const ahead = Math.abs(skew);
  if (ahead < WARN_SKEW_MS) return undefined;
  return {
    status: ahead < FAIL_SKEW_MS ? 'warn' : 'fail',
    reason: `its clock is ${(ahead / 1_000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's`,
    advice: 'Set both clocks by NTP (chrony, systemd-timesyncd): sessions, reservations and leases end by them.',
  };
}
