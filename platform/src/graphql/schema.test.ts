import {
  Directive,
  Field,
  ID,
  Int,
  InterfaceType,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
  Arg,
  Mutation,
} from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { aUser, silentLog } from '../testing/testing.ts';
import { buildSubgraph } from './schema.ts';
import { defineSubgraph, type StreamRoot } from './subgraph.ts';

@InterfaceType({ resolveType: (value: { __typename: string }) => value.__typename })
abstract class Thing {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType()
class Shade {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType({ implements: Thing, description: 'A lamp.' })
class Lamp extends Thing {
  @Directive('@cacheControl(maxAge: 5)')
  @Field(() => Int)
  watts!: number;

  @Field(() => Shade, { nullable: true })
  shade?: Shade;

  @Directive('@shareable')
  @Field(() => String, { description: 'What it looks like.' })
  name!: string;
}

@ObjectType()
class LampEvent {
  @Field(() => String)
  cursor!: string;

  @Field(() => Lamp)
  lamp!: Lamp;
}

@Resolver()
class LampResolver {
  @Query(() => Thing, { nullable: true })
  thing(@Arg('id', () => ID) id: string): unknown {
    return { __typename: 'Lamp', id, name: 'A lamp' };
  }

  @Mutation(() => Boolean)
  fail(): boolean {
    throw new Error('secret detail');
  }

  @Mutation(() => Boolean)
  lampMake(
    @Arg('idempotencyKey', () => String, { nullable: true }) _key?: string | null,
    @Arg('expectedVersion', () => Int, { nullable: true }) _version?: number | null,
  ): boolean {
    throw lostConnection();
  }

  @Directive('@idempotent')
  @Mutation(() => Boolean)
  lampDim(): boolean {
    throw lostConnection();
  }

  @Query(() => Boolean)
  lampIsOn(): boolean {
    throw lostConnection();
  }

  @Directive('@coalesce')
  @Subscription(() => LampEvent, { topics: 'gateway' })
  lampChanged(@Root() root: StreamRoot, @Arg('id', () => ID) id: string): LampEvent {
    if (id === 'known') root.shows = { name: 'shop.lampChanged', key: id, sequence: 3 };
    return { cursor: root.cursor, lamp: { id, name: root.kind, watts: 40 } };
  }
}

/** As a driver says it: nobody knows whether the store has done what it was asked for. */
function lostConnection(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

@Resolver()
class PlainResolver {
  @Query(() => String)
  plain(): string {
    return 'plain';
  }
}

describe('a subgraph built from classes', () => {
  const schema = buildSubgraph({
    resolvers: [LampResolver],
    orphanedTypes: [Lamp, Shade],
    references: { Lamp: ({ id }) => ({ id, name: 'Referenced' }), Shade: () => null },
  });
  const plain = buildSubgraph({ resolvers: [PlainResolver], references: {} });
  const subgraph = defineSubgraph({ name: 'lamps', schema, log: silentLog, createContext: (base) => base });
  const request = { viewer: aUser(), requestId: 'r1' };

  it('prints directives, descriptions and the federation link', () => {
    expect(schema.sdl).toContain('@link(url: "https://specs.apollo.dev/federation/v2.7"');
    expect(schema.sdl).toMatch(/"""A lamp\."""\ntype Lamp implements Thing @key\(fields: "id"\)/);
    expect(schema.sdl).toContain('name: String! @shareable');
    expect(schema.sdl).toContain('type Shade @key(fields: "id")');
  });

  it('hands the directives it uses of the gateway on to the supergraph, and no others', () => {
    expect(schema.sdl).toMatch(/lampChanged\(id: ID!\): LampEvent! @coalesce/);
    expect(schema.sdl).toContain('@composeDirective(name: "@coalesce")');
    expect(plain.sdl).not.toContain('@composeDirective');
    expect(plain.sdl).not.toContain('directive @c');
  });

  it('says of each plain field of a public class that it is, and of nothing else', () => {
    expect(schema.sdl).toContain('name: String! @shareable @cacheControl(maxAge: 60)');
    expect(schema.sdl).toContain('watts: Int! @cacheControl(maxAge: 5)');
    expect(schema.sdl).toMatch(/\n  shade: Shade\n/);
    expect(schema.sdl).toMatch(/type Lamp implements Thing @key\(fields: "id"\) \{\n  id: ID!\n/);
  });

  it('resolves entities by reference and answers null for an unknown one', async () => {
    const query =
      'query($r: [_Any!]!) { _entities(representations: $r) { ... on Lamp { id name } ... on Shade { id } } }';
    const representations = [
      { __typename: 'Lamp', id: 'l1' },
      { __typename: 'Shade', id: 's1' },
    ];
    const result = await subgraph.execute({ ...request, query, variables: { r: representations } });
    expect(JSON.parse(JSON.stringify(result.data))).toEqual({
      _entities: [{ id: 'l1', name: 'Referenced' }, null],
    });
  });

  it('runs one event of a subscription against the resolver', async () => {
    const result = await subgraph.executeEvent({
      ...request,
      query: 'subscription($id: ID!) { lampChanged(id: $id) { cursor lamp { id name } } }',
      variables: { id: 'l7' },
      event: { kind: 'LIVE', cursor: 'c9', occurredAt: '2026-01-01T00:00:00.000Z' },
    });
    expect(result.errors).toBeUndefined();
    expect(JSON.parse(JSON.stringify(result.data))).toEqual({
      lampChanged: { cursor: 'c9', lamp: { id: 'l7', name: 'LIVE' } },
    });
    expect(result.extensions).toBeUndefined();
  });

  it('says beside a snapshot which event it holds, and only what the resolver said', async () => {
    const shown = async (id: string) => {
      const event: StreamRoot = { kind: 'SNAPSHOT', cursor: 'c9', occurredAt: '2026-01-01T00:00:00.000Z' };
      event.shows = { name: 'shop.lampChanged', key: 'another', sequence: 99 };
      const query = 'subscription($id: ID!) { lampChanged(id: $id) { cursor } }';
      return (await subgraph.executeEvent({ ...request, query, variables: { id }, event })).extensions;
    };
    expect(await shown('known')).toEqual({ shows: { name: 'shop.lampChanged', key: 'known', sequence: 3 } });
    expect(await shown('l7')).toBeUndefined();
  });

  it('resolves interfaces by type name', async () => {
    const result = await subgraph.execute({ ...request, query: '{ thing(id: "l2") { __typename id } }' });
    expect(result.data).toMatchObject({ thing: { __typename: 'Lamp', id: 'l2' } });
  });

  it('tells nothing of an unexpected failure but a request id', async () => {
    const result = await subgraph.execute({ ...request, query: 'mutation { fail }' });
    expect(result.errors?.[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' });
    expect(JSON.stringify(result)).not.toContain('secret detail');
  });

  it('R17 says of a store that went away whether the same may be asked again: not when it may have been done', async () => {
    const again = async (query: string, variables = {}) => {
      const { errors } = await subgraph.execute({ ...request, query, variables });
      return errors!.map(({ path, extensions: { code, retryable } }) => [path?.[0], code, retryable]);
    };
    const away = 'SUBGRAPH_UNAVAILABLE';
    expect(await again('mutation { lampMake lampDim }')).toEqual([['lampMake', away, false]]);
    expect(await again('mutation { lampMake(idempotencyKey: "12345678") }')).toEqual([['lampMake', away, true]]);
    expect(await again('mutation($k: String) { mine: lampMake(idempotencyKey: $k) }', { k: '12345678' })).toEqual([
      ['mine', away, true],
    ]);
    expect(await again('mutation($k: String) { mine: lampMake(idempotencyKey: $k) }')).toEqual([['mine', away, false]]);
    expect(await again('mutation { lampMake(expectedVersion: 3) }')).toEqual([['lampMake', away, true]]);
    expect(await again('mutation { lampMake(expectedVersion: null, idempotencyKey: null) }')).toEqual([
      ['lampMake', away, false],
    ]);
    expect(await again('mutation { lampDim }')).toEqual([['lampDim', away, true]]);
    expect(await again('{ lampIsOn }')).toEqual([['lampIsOn', away, true]]);
  });

  it('refuses an operation that does not fit the schema', async () => {
    const result = await subgraph.execute({ ...request, query: '{ nothing }' });
    expect(result.errors?.[0]?.extensions['code']).toBe('GRAPHQL_VALIDATION_FAILED');
  });
});
