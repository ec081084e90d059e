import { afterEach, describe, expect, it, vi } from 'vitest';
import { armCrashPoint, betweenCrashPoints, crashPoint, CrashPointError } from './crash-point.ts';

const kill = vi.spyOn(process, 'kill').mockReturnValue(true);

afterEach(() => {
  armCrashPoint({});
  kill.mockClear();
});

describe('crash points', () => {
  it('end the process without mercy, at the point and at no other', () => {
    expect(armCrashPoint({ NODE_ENV: 'test', CRASH_AT: 'a.after' })).toBe(true);
    crashPoint('a.before');
    expect(kill).not.toHaveBeenCalled();
    crashPoint('a.after');
    expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGKILL');
  });

  it('wait for the time they were told', () => {
    armCrashPoint({ NODE_ENV: 'test', CRASH_AT: 'a:3' });
    crashPoint('a');
    crashPoint('a');
    expect(kill).not.toHaveBeenCalled();
    crashPoint('a');
    expect(kill).toHaveBeenCalledTimes(1);
  });

  it('stand on both sides of a piece of work', async () => {
    for (const [point, done] of [
      ['w.before', []],
      ['w.after', ['work']],
    ] as const) {
      armCrashPoint({ NODE_ENV: 'test', CRASH_AT: point });
      const seen: string[] = [];
      kill.mockImplementationOnce(() => {
        expect(seen).toEqual(done);
        return true;
      });
      await betweenCrashPoints('w', async () => void seen.push('work'));
      expect(kill).toHaveBeenCalledTimes(1);
      kill.mockClear();
    }
  });

  it.each(['production', 'development', undefined])('83 do nothing where NODE_ENV is %s', (NODE_ENV) => {
    expect(armCrashPoint({ NODE_ENV, CRASH_AT: 'a' })).toBe(false);
    crashPoint('a');
    expect(kill).not.toHaveBeenCalled();
  });

  it.each(['a b', 'a:0', 'a:x', ':1'])('refuse the setting "%s"', (CRASH_AT) => {
    expect(() => armCrashPoint({ NODE_ENV: 'test', CRASH_AT })).toThrow(CrashPointError);
  });
});
