import { describe, expect, it } from 'vitest';
import type { Subgraph, SubgraphRequest } from '../graphql/subgraph.ts';
import { anonymous } from '../graphql/viewer.ts';
import { aUser } from '../testing/testing.ts';
import { inProcessTransport } from './in-process-transport.ts';

function subject(execute: (request: SubgraphRequest) => Promise<{ data: Record<string, unknown> }>) {
  return inProcessTransport([{ name: 'shop', routes: [], execute } as unknown as Subgraph]);
}

describe('a call in this process', () => {
  it('hands over what a wire would: plain copies, nothing shared that can be changed', async () => {
    const variables = {
      input: { list: [1, undefined, { deep: true }], at: new Date(0), none: undefined },
      ...(JSON.parse('{"bag":{"__proto__":{"admin":true}}}') as object),
    };
    const viewer = aUser({ memberships: [{ of: 'vnd_1', role: 'OWNER' }] });
    const seen: SubgraphRequest[] = [];
    const transport = subject(async (request) => {
      seen.push(request);
      return { data: {} };
    });
    await transport.execute('shop', { query: '{ a }', variables, viewer, requestId: 'r' });
    await transport.execute('shop', { query: '{ a }', variables, viewer, requestId: 'r' });
    const [first, second] = seen as [SubgraphRequest, SubgraphRequest];
    expect(JSON.stringify(first.variables)).toBe(JSON.stringify(variables));
    expect(Object.getPrototypeOf((first.variables as { bag: object }).bag)).toBe(Object.prototype);
    expect((first.variables as typeof variables).input).not.toBe(variables.input);
    expect((first.variables as typeof variables).input).not.toBe((second.variables as typeof variables).input);
    expect(first.viewer).toEqual(viewer);
    expect(first.viewer).not.toBe(viewer);
    expect(() => (first.viewer as unknown as { memberships: unknown[] }).memberships.push({})).toThrow(TypeError);
    expect(() => Object.assign(first.viewer, { userId: 'usr_2' })).toThrow(TypeError);
  });

  it('R24 is given up at the deadline', async () => {
    const transport = subject(() => new Promise(() => undefined));
    const late = transport.execute('shop', {
      query: '{ a }',
      viewer: anonymous,
      requestId: 'r',
      deadlineAt: Date.now() + 20,
    });
    await expect(late).rejects.toMatchObject({ name: 'SubgraphUnavailableError', reason: 'timeout' });
  });

  it('fails like the work fails, and for names nobody has', async () => {
    const transport = subject(() => Promise.reject(new Error('broken')));
    const request = { query: '{ a }', viewer: anonymous, requestId: 'r' };
    await expect(transport.execute('shop', request)).rejects.toThrow('broken');
    await expect(transport.execute('other', request)).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
