import { describe, expect, it } from 'vitest';
import { publicError } from './public-error.ts';

describe('an error as clients see it', () => {
  it('keeps what was meant for them, and names the service', () => {
    const extensions = { code: 'FORBIDDEN', serviceName: 'orders', http: { status: 403 }, stacktrace: ['at x'] };
    expect(publicError({ message: 'You may not do this.', path: ['a', 0], extensions }, 'r1')).toEqual({
      message: 'You may not do this.',
      path: ['a', 0],
      extensions: { service: 'orders', code: 'FORBIDDEN', requestId: 'r1' },
    });
  });

  it.each([
    [{ message: 'connect ECONNREFUSED 10.0.0.7' }],
    [{ message: 'duplicate key value violates "users_email"', extensions: { code: '23505' } }],
    [{ message: 'x', extensions: { code: 'INTERNAL_SERVER_ERROR', secret: 'y' } }],
    [{ message: 'x', extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' } }],
  ])('tells nothing of what was not: %j', (error) => {
    expect(publicError(error, 'r1')).toEqual({
      message: 'Something went wrong on our side.',
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' },
    });
  });

  it('keeps the request id under which a subgraph has logged it', () => {
    const error = { message: '', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'theirs' } };
    expect(publicError(error, 'mine').extensions?.['requestId']).toBe('theirs');
  });

  it('cuts long echoes and drops suggestions', () => {
    const long = publicError({ message: 'x'.repeat(500_000), extensions: { code: 'BAD_USER_INPUT' } }, 'r');
    expect(long.message).toHaveLength(300);
    const message = 'Cannot query field "nam" on type "User". Did you mean "name" or "nick"?';
    const short = publicError({ message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }, 'r');
    expect(short.message).toBe('Cannot query field "nam" on type "User".');
  });
});
