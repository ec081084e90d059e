import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  getNamedType,
  GraphQLError,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  OperationTypeNode,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';

export interface OperationCall {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
  rootValue?: unknown;
  context: unknown;
}

/**
 * Runs the operations of one schema. What is wrong with the text is an answer,
 * too. Queries that come again are compiled (a quarter of graphql-js's CPU);
 * all answers are those of graphql-js.
 */
export interface Operations {
  (call: OperationCall): Promise<ExecutionResult>;
  /** The names of all fields that the text selects anywhere, `@skip` or not; none when there is something wrong with it. */
  selectedIn(query: string): ReadonlySet<string>;
}

/** Parsed and validated operations kept per subgraph; the gateway sends a bounded set of them. */
const KEPT_DOCUMENTS = 2_000;
/** Compiled ones weigh more. */
const KEPT_COMPILED = 500;
export type Compile = (schema: GraphQLSchema, document: DocumentNode) => CompiledQuery | ExecutionResult;

interface OperationsOptions {
  /** A query is compiled when it comes for the so many-th time after the first. */
  compiledAfter?: number;
  /** Something else than graphql-jit, for tests. */
  compile?: Compile;
}

/** Compiling costs as much as running some times: what comes once or twice is run as it is. */
const COMPILED_AFTER = 3;

/** The union of all entities: its types are known by their `__typename`, at once. */
const ENTITY = '_Entity';

type Compiled = (rootValue: unknown, context: unknown, variables: object) => Promise<ExecutionResult> | ExecutionResult;

interface Known {
  document: DocumentNode;
  selected: ReadonlySet<string>;
  uses: number;
  isCompilable: boolean;
}

export function operationsOf(
  schema: GraphQLSchema,
  { compiledAfter = COMPILED_AFTER, compile = compileQuery }: OperationsOptions = {},
): Operations {
  const known = new LRUCache<string, Known | { errors: readonly GraphQLError[] }>({ max: KEPT_DOCUMENTS });
  const compiled = new LRUCache<string, Compiled>({ max: KEPT_COMPILED });

  const read = (query: string): Known | { errors: readonly GraphQLError[] } => {
    let entry = known.get(query);
    if (!entry) {
      const result = parseAndValidate(schema, query);
      entry =
        'kind' in result
          ? { document: result, selected: namesIn(result), uses: 0, isCompilable: isCompilable(schema, result) }
          : { errors: result };
      known.set(query, entry);
    }
    return entry;
  };

  const compiledOf = (query: string, entry: Known): Compiled | undefined => {
    const ready = compiled.get(query);
    if (ready || !entry.isCompilable || (entry.uses += 1) <= compiledAfter) return ready;
    const made = compile(schema, entry.document);
    if (isCompiledQuery(made)) {
      compiled.set(query, made.query as Compiled);
      return made.query as Compiled;
    }
    entry.isCompilable = false;
    return undefined;
  };

  const selectedIn: Operations['selectedIn'] = (query) => {
    const entry = read(query);
    return 'errors' in entry ? NOTHING : entry.selected;
  };
  const run = async ({ query, operationName, variables = {}, rootValue, context }: OperationCall) => {
    const entry = read(query);
    if ('errors' in entry) return entry;
    const runCompiled = compiledOf(query, entry);
    if (!runCompiled) {
      const { document } = entry;
      return execute({ schema, document, rootValue, contextValue: context, variableValues: variables, operationName });
    }
    const result = await runCompiled(rootValue, context, variables);
    return result.errors ? { ...result, errors: result.errors.map(plainError) } : result;
  };
  return Object.assign(run, { selectedIn });
}

const NOTHING: ReadonlySet<string> = new Set();

function namesIn(document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(document, { Field: ({ name }) => void names.add(name.value) });
  return names;
}

/**
 * Queries are; a mutation is worth no risk and an event is run as the specification says. Not those with interfaces or
 * unions: the compiler does not wait for a type that is resolved later, as type-graphql's are. Not those with names that
 * begin with two underscores: they would be assigned to objects as they are, and `__proto__` is no field like others. (A
 * plan's are in the midst of names: `Page__catalog__0`.)
 */
function isCompilable(schema: GraphQLSchema, document: DocumentNode): boolean {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1 || operations[0]?.operation !== OperationTypeNode.QUERY) return false;
  const types = new TypeInfo(schema);
  let isPlain = true;
  visit(
    document,
    visitWithTypeInfo(types, {
      Name({ value }) {
        if (value.startsWith('__') && value !== '__typename') isPlain = false;
      },
      Field() {
        const type = getNamedType(types.getType());
        if (isAbstractType(type) && type.name !== ENTITY) isPlain = false;
      },
    }),
  );
  return isPlain;
}

/** The compiler's errors look like graphql-js's and lack some of their members. */
function plainError({ message, path, nodes, originalError, extensions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { nodes, path, originalError, extensions: extensions ?? {} });
}

function parseAndValidate(schema: GraphQLSchema, query: string): DocumentNode | readonly GraphQLError[] {
  try {
    const document = parse(query, { maxTokens: 50_000, noLocation: true });
    const errors = validate(schema, document);
    return errors.length === 0
      ? document
      : errors.map((error) => new GraphQLError(error.message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }));
  } catch (error) {
    if (error instanceof GraphQLError) {
      return [new GraphQLError(error.message, { extensions: { code: 'GRAPHQL_PARSE_FAILED' } })];
    }
    throw error;
  }
}
