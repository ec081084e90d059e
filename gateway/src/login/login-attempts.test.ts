import { type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { loginAttempts } from './login-attempts.ts';

const attempts = (text: string, variables = {}) => {
  const document = parse(text);
  return loginAttempts(document, document.definitions[0] as OperationDefinitionNode, variables);
};

describe('sign-in attempts of an operation', () => {
  it.each<[string, Record<string, unknown>, (string | null)[]]>([
    ['mutation { login(input: { email: "A@b.c ", password: "x" }) { x } }', {}, ['a@b.c']],
    ['mutation($i: I!) { login(input: $i) { x } }', { i: { email: 'A@B.C' } }, ['a@b.c']],
    ['mutation($e: String) { login(input: { email: $e }) { x } }', { e: 'a@b.c' }, ['a@b.c']],
    ['mutation { passwordResetRequest(email: "a@b.c") { x } }', {}, ['a@b.c']],
    ['mutation { refreshSession(refreshToken: "t") { x } }', {}, [null]],
    ['mutation { register(input: 7) { x } }', {}, [null]],
    ['mutation { a: login(input: {}) { x } b: login(input: {}) { x } }', {}, [null, null]],
    ['mutation { ...F ... on Mutation { ...F } } fragment F on Mutation { login(input: {}) { x } }', {}, [null, null]],
    ['mutation { orderCancel { login } }', {}, []],
    ['query { login }', {}, []],
  ])('%s', (text, variables, expected) => {
    expect(attempts(text, variables)).toEqual(expected);
  });

  it('end for fragments in circles', () => {
    expect(attempts('mutation { ...F } fragment F on Mutation { ...F }')).toEqual([]);
  });
});
