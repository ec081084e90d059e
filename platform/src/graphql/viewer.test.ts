import { describe, expect, it } from 'vitest';
import { requireActing, requireRole, requireUser } from './errors.ts';
import { anonymous, type ApiKeyViewer, hasRole, isMemberOf, principalOf, type Viewer } from './viewer.ts';

const key: ApiKeyViewer = {
  kind: 'apiKey',
  keyId: 'key_1',
  scopes: ['things:read'],
  roles: ['STAFF'],
  memberships: [{ of: 'org_1', role: 'STAFF' }],
};
const service: Viewer = { kind: 'service', service: 'things' };

describe('a machine with an API key', () => {
  it('acts for whom it belongs to, in its role and in no other', () => {
    expect(isMemberOf(key, 'org_1') && isMemberOf(key, 'org_1', 'STAFF') && hasRole(key, 'STAFF')).toBe(true);
    expect(isMemberOf(key, 'org_2') || isMemberOf(key, 'org_1', 'ADMIN') || hasRole(key, 'ADMIN')).toBe(false);
    expect(requireActing(key, 'STAFF', 'ADMIN')).toBe(key);
    expect(() => requireActing(key, 'ADMIN')).toThrow('You may not do this.');
    expect(principalOf(key)).toBe('key_1');
  });

  it('is no user, whatever its roles', () => {
    for (const ask of [() => requireUser(key), () => requireRole(key, 'STAFF')])
      expect(ask).toThrow(expect.objectContaining({ extensions: { code: 'FORBIDDEN' } }));
  });

  it('is not what others are who act for nobody', () => {
    for (const viewer of [anonymous, service])
      expect(() => requireActing(viewer)).toThrow(expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } }));
  });
});
