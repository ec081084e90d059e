import 'reflect-metadata';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  type ConstDirectiveNode,
  type DocumentNode,
  getNamedType,
  type GraphQLSchema,
  type GraphQLType,
  isLeafType,
  Kind,
  parse,
  print,
  printSchema,
  visit,
} from 'graphql';
import { buildSchemaSync, createResolversMap, type NonEmptyArray, type PubSub } from 'type-graphql';

const FEDERATION_URL = 'https://specs.apollo.dev/federation/v2.7';
const FEDERATION_IMPORTS = [
  '@key',
  '@shareable',
  '@external',
  '@requires',
  '@provides',
  '@inaccessible',
  '@tag',
  '@override',
];

/** What the gateway needs to know of a field beyond its type. It travels to the supergraph, and is not shown to clients. */
const GATEWAY_URL = 'https://marketgraph.example/gateway/v1.0';
const GATEWAY_DIRECTIVES: Readonly<Record<string, string>> = {
  '@cacheControl': `"""Public: the same for everybody who may see it, and kept by the gateway until an event of its owner names it, for a while at most."""
directive @cacheControl("""In seconds.""" maxAge: Int!) on OBJECT | FIELD_DEFINITION`,
  '@coalesce': `"""A stream of states: a client that falls behind gets the newest of each thing, not all that were in between."""
directive @coalesce on FIELD_DEFINITION`,
  '@idempotent': `"""A mutation without a key that sets something: asked again with the same arguments it has no further effect. Its answer may then be that it was done before."""
directive @idempotent on FIELD_DEFINITION`,
  '@apiScope': `"""Open to API keys that have one of these scopes. Every other field at the root of an operation is closed to keys."""
directive @apiScope("""Each is a subgraph, a colon and what is done there.""" anyOf: [String!]!) on FIELD_DEFINITION`,
};

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
type Class = Function;

export interface SubgraphSchemaOptions {
  resolvers: readonly Class[];
  /**
   * Types that no root field reaches: entities known only through `_entities`
   * and implementations of interfaces. The list must be explicit, because the
   * registry of decorated classes is one for the whole process.
   */
  orphanedTypes?: readonly Class[];
  /** Per type name: turns a representation `{ __typename, id }` into the entity, or null. Batches through a loader. */
  references: Readonly<Record<string, ReferenceResolver>>;
}

export type ReferenceResolver = (
  reference: Record<string, unknown>,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  context: any,
) => unknown;

export interface SubgraphSchema {
  /** Executable, with `_entities` and `_service`. */
  schema: GraphQLSchema;
  /** The contract: what is printed, reviewed and composed. */
  sdl: string;
}

/** Builds one federated subgraph schema from type-graphql classes. Needs no store, so the contract prints offline. */
export function buildSubgraph(options: SubgraphSchemaOptions): SubgraphSchema {
  const classSchema = buildSchemaSync({
    resolvers: options.resolvers as NonEmptyArray<Class>,
    orphanedTypes: [...(options.orphanedTypes ?? [])],
    pubSub: eventsComeFromTheGateway,
    validate: false,
    skipCheck: true,
  });
  const contract = withDirectives(classSchema);
  const sdl = `${linksOf(contract)}\n\n${print(contract)}\n`;
  const resolvers = createResolversMap(classSchema) as Record<string, Record<string, unknown>>;
  for (const [type, resolve] of Object.entries(options.references)) {
    resolvers[type] = {
      ...resolvers[type],
      __resolveReference: async (reference: Record<string, unknown>, context: unknown) => {
        const entity = await resolve(reference, context);
        return entity && typeof entity === 'object' ? Object.assign(entity, { __typename: type }) : null;
      },
    };
  }
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
  return { schema, sdl };
}

/** The gateway runs subscriptions and hands each event to the resolver as `@Root()`; nothing subscribes in here. */
const eventsComeFromTheGateway: PubSub = {
  publish() {
    throw new Error('Publish through the outbox.');
  },
  subscribe() {
    throw new Error('Subscriptions are served by the gateway.');
  },
};

/** The links of a contract: federation always, our own directives where it applies them. */
function linksOf(contract: DocumentNode): string {
  const used = new Set<string>();
  visit(contract, { Directive: ({ name }) => void used.add(`@${name.value}`) });
  const composed = Object.keys(GATEWAY_DIRECTIVES).filter((name) => used.has(name));
  const link = (url: string, imports: readonly string[]) =>
    `@link(url: "${url}", import: [${imports.map((name) => `"${name}"`).join(', ')}])`;
  if (composed.length === 0) return `extend schema ${link(FEDERATION_URL, FEDERATION_IMPORTS)}`;
  return [
    'extend schema',
    `  ${link(FEDERATION_URL, [...FEDERATION_IMPORTS, '@composeDirective'])}`,
    `  ${link(GATEWAY_URL, composed)}`,
    ...composed.map((name) => `  @composeDirective(name: "${name}")`),
    '',
    ...composed.map((name) => GATEWAY_DIRECTIVES[name]),
  ].join('\n');
}

/** graphql-js prints no directives; type-graphql keeps them on the AST nodes. This joins the two. */
function withDirectives(schema: GraphQLSchema): DocumentNode {
  const document = parse(printSchema(schema));
  return visit(document, {
    enter(node) {
      if (
        node.kind !== Kind.OBJECT_TYPE_DEFINITION &&
        node.kind !== Kind.INTERFACE_TYPE_DEFINITION &&
        node.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION
      ) {
        return undefined;
      }
      const type = schema.getType(node.name.value);
      if (!type || !('getFields' in type)) return undefined;
      const fields = type.getFields();
      const own = type.astNode?.directives ?? [];
      return {
        ...node,
        directives: own.filter((directive) => !isPublicHint(directive)),
        fields: node.fields?.map((field) => ({
          ...field,
          directives: withHint(own, fields[field.name.value]!, [
            ...(field.directives ?? []),
            ...(fields[field.name.value]?.astNode?.directives ?? []).filter(
              (directive) => directive.name.value !== 'deprecated',
            ),
          ]),
        })),
      };
    },
  }) as DocumentNode;
}

const isPublicHint = ({ name }: ConstDirectiveNode): boolean => name.value === 'cacheControl';

/**
 * `@cacheControl` on a class means its plain fields, its key aside. It is
 * printed on each of them: the types of all subgraphs become one, and there it
 * would speak for the fields of the others too.
 */
function withHint(
  ofClass: readonly ConstDirectiveNode[],
  { name, type }: { name: string; type: GraphQLType },
  directives: readonly ConstDirectiveNode[],
): readonly ConstDirectiveNode[] {
  const hint = ofClass.find(isPublicHint);
  const isKey = ofClass.some((directive) => directive.name.value === 'key' && keyOf(directive) === name);
  const takesHint = hint && !isKey && isLeafType(getNamedType(type)) && !directives.some(isPublicHint);
  return takesHint ? [...directives, hint] : directives;
}

function keyOf({ arguments: args = [] }: ConstDirectiveNode): string | undefined {
  const value = args.find(({ name }) => name.value === 'fields')?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
