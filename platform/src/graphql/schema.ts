import 'reflect-metadata';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, type GraphQLSchema, Kind, parse, print, printSchema, visit } from 'graphql';
import { buildSchemaSync, createResolversMap, type NonEmptyArray, type PubSub } from 'type-graphql';

const FEDERATION_LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@inaccessible", "@tag", "@override"])';

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
  const sdl = `${FEDERATION_LINK}\n\n${print(contract)}\n`;
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
      return {
        ...node,
        directives: type.astNode?.directives ?? [],
        fields: node.fields?.map((field) => ({
          ...field,
          directives: [
            ...(field.directives ?? []),
            ...(fields[field.name.value]?.astNode?.directives ?? []).filter(
              (directive) => directive.name.value !== 'deprecated',
            ),
          ],
        })),
      };
    },
  }) as DocumentNode;
}
