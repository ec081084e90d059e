import { idPrefix } from '@marketgraph/platform/core';
import { graphqlError } from '@marketgraph/platform/graphql';
import { buildASTSchema, type GraphQLFieldResolver, type GraphQLSchema, Kind, parse, print } from 'graphql';
import { type NodeType, nodeTypes } from './node-types.ts';

/** The name of the gateway's own subgraph in the supergraph. */
export const GRAPH_SUBGRAPH = 'graph';

/** More than a page of anything; a request for more asks again. */
const MAX_IDS = 100;

/**
 * The SDL of the gateway's own subgraph: `node` and `nodes`, and a stub for
 * every type that implements `Node` in the given subgraphs, in their words.
 */
export function graphSubgraphSdl(subgraphSdls: Iterable<string>): string {
  const words = wordsOf(subgraphSdls);
  return sdlOf(
    nodeTypes.filter(({ type }) => words.has(type)),
    words,
  );
}

/** What a type and its id are called by those who define them. */
interface Words {
  type?: string;
  id?: string;
}

function sdlOf(types: readonly NodeType[], words: ReadonlyMap<string, Words>): string {
  const described = (text: string | undefined, indent = '') =>
    text ? `${print({ kind: Kind.STRING, value: text, block: true }).replaceAll(/^/gm, indent)}\n` : '';
  const node = words.get('Node');
  const stubs = types.map(({ type }) => {
    const { type: about, id } = words.get(type) ?? {};
    return `${described(about)}type ${type} implements Node @key(fields: "id", resolvable: false) {
${described(id, '  ')}  id: ID!
}
`;
  });
  return `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])

${described(node?.type ?? 'Anything with an id of its own.')}interface Node {
${described(node?.id ?? 'Opaque, the same in every subgraph.', '  ')}  id: ID!
}

type Query {
  """Anything by its id. Null when there is nothing, and when it is not for you."""
  node(
    """The id, e.g. \`ord_01J…\`."""
    id: ID!
  ): Node

  """Many at once, in the order asked for, at most ${MAX_IDS}."""
  nodes(
    """The ids; null stands where nothing was found."""
    ids: [ID!]!
  ): [Node]!
}

${stubs.join('\n')}`;
}

function wordsOf(sdls: Iterable<string>): Map<string, Words> {
  const words = new Map<string, Words>();
  for (const sdl of sdls) {
    for (const definition of parse(sdl, { noLocation: true }).definitions) {
      if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
        const isNode = definition.interfaces?.some(({ name }) => name.value === 'Node') ?? false;
        if (!isNode || !definition.directives?.some(({ name }) => name.value === 'key')) continue;
      } else if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION || definition.name.value !== 'Node') continue;
      const known = words.get(definition.name.value);
      const id = definition.fields?.find(({ name }) => name.value === 'id');
      words.set(definition.name.value, {
        type: known?.type ?? definition.description?.value,
        id: known?.id ?? id?.description?.value,
      });
    }
  }
  return words;
}

/** Asks the owner of a type which of these ids the viewer of the context may see. */
export type SeenBy<Context> = (
  type: NodeType,
  ids: readonly string[],
  context: Context,
) => Promise<ReadonlySet<string>>;

/** Executable, for the types the supergraph knows. */
export function graphSubgraphSchema<Context>(typeNames: ReadonlySet<string>, seenBy: SeenBy<Context>): GraphQLSchema {
  const present = nodeTypes.filter(({ type }) => typeNames.has(type));
  const byPrefix = new Map(present.map((type) => [type.prefix, type]));

  const find = async (ids: readonly string[], context: Context) => {
    const typeOf = (id: string) => byPrefix.get(idPrefix(id) ?? '');
    const asked = Map.groupBy(new Set(ids), typeOf);
    const seen = new Set<string>();
    await Promise.all(
      [...asked].map(async ([type, some]) => {
        if (type) for (const id of await seenBy(type, some, context)) seen.add(id);
      }),
    );
    return ids.map((id) => (seen.has(id) ? { __typename: typeOf(id)!.type, id } : null));
  };

  // Nothing asks this subgraph for entities, so a plain schema does; a found type is known by its `__typename`.
  const schema = buildASTSchema(parse(sdlOf(present, new Map())), { assumeValidSDL: true });
  const fields = schema.getQueryType()!.getFields();
  fields['node']!.resolve = (async (_, { id }, context) =>
    (await find([id], context))[0]) satisfies GraphQLFieldResolver<unknown, Context, { id: string }>;
  fields['nodes']!.resolve = (async (_, { ids }, context) => {
    if (ids.length > MAX_IDS) throw graphqlError('BAD_USER_INPUT', `At most ${MAX_IDS} ids at once.`);
    return find(ids, context);
  }) satisfies GraphQLFieldResolver<unknown, Context, { ids: string[] }>;
  return schema;
}
