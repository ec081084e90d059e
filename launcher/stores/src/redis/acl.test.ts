import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { aclFile } from './acl.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the ACL file', () => {
  test('holds no password that could be read back', () => {
    const file = aclFile('admin-secret', [{ name: 'orders', password: 'orders-secret' }]);
    expect(file).not.toContain('admin-secret');
    expect(file).not.toContain('orders-secret');
    expect(file).toContain(`#${sha256('admin-secret')}`);
    expect(file).toContain(`#${sha256('orders-secret')}`);
  });

  test('gives a user its own prefix and the streams, and nothing else', () => {
    const [, line = ''] = aclFile('a', [{ name: 'orders', password: 'p' }]).split('\n');
    expect(line.split(' ').filter((word) => word.startsWith('~'))).toEqual([
      '~orders:*',
      '~{orders:*',
      '~events:*',
      '~{events:*',
      '~dead:*',
    ]);
  });

  test.each(['', '*', 'a b', 'Orders', 'orders:*', 'a\nuser evil on nopass', 'default', 'events', 'dead'])(
    'refuses the name %j, which would widen what a user may see',
    (name) => {
      expect(() => aclFile('a', [{ name, password: 'p' }])).toThrow('cannot be the name of a Redis user');
    },
  );

  test('gives what another owner shows as a thing to read', () => {
    const [, line = ''] = aclFile('a', [{ name: 'gateway', password: 'p', reads: ['accounts:revoked:*'] }]).split('\n');
    expect(line).toContain(' %R~accounts:revoked:* ');
    expect(line).not.toContain(' ~accounts');
  });

  test.each(['*', '', 'accounts', 'accounts:* ~*', '*:revoked', 'accounts:*:x'])('refuses to show %j', (pattern) => {
    expect(() => aclFile('a', [{ name: 'gateway', password: 'p', reads: [pattern] }])).toThrow('not a key pattern');
  });
});
