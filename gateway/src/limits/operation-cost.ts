import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  GraphQLID,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
  type ValueNode,
} from 'graphql';

export type Variables = Readonly<Record<string, unknown>>;

/** What the cost of a field depends on, besides the text. */
export interface CostWeights {
  /** Every root field of a mutation: it writes, publishes and is followed by reads. */
  mutation: number;
  /** `Type.field` → what one of it costs, where that is more than reading an object. */
  fields: Readonly<Record<string, number>>;
  /** Objects in a list that says nothing of its length. */
  listSize: number;
}

/** A cost that is known, or that is computed from the variables. */
type Amount = number | Computed;
type Computed = (variables: Variables) => number;

/** Page sizes of the variables of one operation, or of its text. */
export interface PageArgument {
  name: string;
  sizeOf(variables: Variables): number | undefined;
}

export interface OperationCost {
  /** Objects that this operation may make its subgraphs load, and what else they do for it. At least 1. */
  of(variables: Variables): number;
  /** Every page argument of the operation. */
  pages: readonly PageArgument[];
}

const PAGE_ARGUMENTS = new Set(['first', 'last']);
/** What a page argument of a connection is the size of. */
const PAGE_FIELDS = new Set(['edges', 'nodes']);
/** The schema looks at itself in this process, without a subgraph; its depth is validated. */
const INTROSPECTION_COST: Readonly<Record<string, number>> = { __schema: 100, __type: 10 };

/**
 * The cost of a validated operation, made once per document and evaluated with
 * the variables of each request: an object is 1, a list is its length times
 * what is selected of one. Fields of one response key are one field. `@skip`
 * and `@include` are not looked at: the cost is that of everything written.
 */
export function compileCost(options: {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  weights: CostWeights;
}): OperationCost {
  const { schema, document, operation, weights } = options;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  const pages: PageArgument[] = [];
  const root = schema.getRootType(operation.operation);
  if (!root) return { of: () => 1, pages };

  const costOfSelections = (parent: GraphQLCompositeType, sets: SelectionSetNode[], page: Amount | null): Amount =>
    sum([...collected(parent, sets).values()].map((group) => costOfField(group, page)));

  const costOfField = ({ parent, nodes }: FieldGroup, page: Amount | null): Amount => {
    const node = nodes[0]!;
    const name = node.name.value;
    const field = fieldOf(parent, name);
    if (!field) return INTROSPECTION_COST[name] ?? 0;
    const own = ownPage(field, node);
    const type = getNamedType(field.type);
    const isRoot = parent === root;
    const weight =
      weights.fields[`${parent.name}.${name}`] ?? (isRoot && operation.operation === 'mutation' ? weights.mutation : 0);
    if (!isCompositeType(type)) return weight || (isRoot ? 1 : 0);
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const depth = listDepth(field);
    const inner = costOfSelections(type, sets, depth === 0 ? own : null);
    const one = sum([1, inner]);
    if (depth === 0) {
      const isStream = isRoot && operation.operation === 'subscription';
      return sum([weight, isStream ? times(idsOf(field, node) ?? 1, one) : one]);
    }
    const length = own ?? (PAGE_FIELDS.has(name) ? page : null) ?? idsOf(field, node) ?? weights.listSize;
    return sum([weight, times(length, depth === 1 ? one : times(weights.listSize ** (depth - 1), one))]);
  };

  const collected = (parent: GraphQLCompositeType, sets: SelectionSetNode[]): Map<string, FieldGroup> => {
    const groups = new Map<string, FieldGroup>();
    const spread = new Set<string>();
    const collect = (type: GraphQLCompositeType, set: SelectionSetNode): void => {
      for (const selection of set.selections) {
        if (selection.kind === Kind.FIELD) {
          const key = `${type.name}.${(selection.alias ?? selection.name).value}`;
          const known = groups.get(key);
          if (known) known.nodes.push(selection);
          else groups.set(key, { parent: type, nodes: [selection] });
          continue;
        }
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (selection.kind === Kind.FRAGMENT_SPREAD) {
          if (spread.has(selection.name.value)) continue;
          spread.add(selection.name.value);
        }
        if (!fragment) continue;
        const condition = fragment.typeCondition && typeFromAST(schema, fragment.typeCondition);
        collect(isCompositeType(condition) ? condition : type, fragment.selectionSet);
      }
    };
    for (const set of sets) collect(parent, set);
    return groups;
  };

  /** The larger of `first` and `last`, as given or as the schema has it; null when the field has no pages. */
  const ownPage = (field: GraphQLField<unknown, unknown>, node: FieldNode): Amount | null => {
    const declared = field.args.filter(({ name }) => PAGE_ARGUMENTS.has(name));
    if (declared.length === 0) return null;
    const byDefault = declared.map(({ defaultValue }) => defaultValue).find((value) => typeof value === 'number');
    const given = (node.arguments ?? []).filter(({ name }) => PAGE_ARGUMENTS.has(name.value)).map(pageOf);
    pages.push(...given);
    const size = (variables: Variables) => {
      const sizes = given.flatMap(({ sizeOf }) => sizeOf(variables) ?? []);
      return sizes.length > 0 ? Math.max(...sizes) : ((byDefault as number | undefined) ?? weights.listSize);
    };
    return (node.arguments ?? []).some(usesVariable) ? size : size({});
  };

  const pageOf = ({ name, value }: ArgumentNode): PageArgument => ({
    name: name.value,
    sizeOf(variables) {
      const size = value.kind === Kind.INT ? Number(value.value) : given(value, variables);
      return typeof size === 'number' ? size : undefined;
    },
  });

  /** What a variable stands for, as far as it is a number or a list. */
  const given = (value: ValueNode | undefined, variables: Variables): unknown => {
    if (value?.kind !== Kind.VARIABLE) return undefined;
    const name = value.name.value;
    if (Object.hasOwn(variables, name) && variables[name] !== undefined) return variables[name];
    const fallback = defaults.get(name);
    if (fallback?.kind === Kind.INT) return Number(fallback.value);
    return fallback?.kind === Kind.LIST ? fallback.values : undefined;
  };

  /** How many ids a field is asked about; null when it does not take a list of them. */
  const idsOf = (field: GraphQLField<unknown, unknown>, node: FieldNode): Amount | null => {
    const lists = field.args.filter(
      ({ type }) => isListType(getNullableType(type)) && getNamedType(type) === GraphQLID,
    );
    const argument = node.arguments?.find(({ name }) => lists.some((list) => list.name === name.value));
    if (!argument) return null;
    const { value } = argument;
    if (value.kind === Kind.LIST) return value.values.length;
    if (value.kind !== Kind.VARIABLE) return 1;
    return (variables) => {
      const ids = given(value, variables);
      return Array.isArray(ids) ? ids.length : 1;
    };
  };

  const amount = costOfSelections(root, [operation.selectionSet], null);
  const of = typeof amount === 'number' ? () => amount : amount;
  return { of: (variables) => Math.max(1, of(variables)), pages };
}

interface FieldGroup {
  parent: GraphQLCompositeType;
  nodes: FieldNode[];
}

/** Undefined for `__typename` and what introspects. */
function fieldOf(parent: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  return 'getFields' in parent ? (parent as GraphQLObjectType).getFields()[name] : undefined;
}

function listDepth(field: GraphQLField<unknown, unknown>): number {
  let depth = 0;
  let type = getNullableType(field.type);
  while (isListType(type)) {
    depth += 1;
    type = getNullableType(type.ofType);
  }
  return depth;
}

const usesVariable = ({ name, value }: ArgumentNode) => PAGE_ARGUMENTS.has(name.value) && value.kind === Kind.VARIABLE;

/** What is known is added up once; a request only adds what depends on its variables. */
function sum(amounts: readonly Amount[]): Amount {
  let known = 0;
  const open: Computed[] = [];
  for (const amount of amounts) {
    if (typeof amount === 'number') known += amount;
    else open.push(amount);
  }
  if (open.length === 0) return known;
  if (open.length === 1 && known === 0) return open[0]!;
  return (variables) => {
    let total = known;
    for (const amount of open) total += amount(variables);
    return total;
  };
}

function times(length: Amount, one: Amount): Amount {
  if (typeof length !== 'number') {
    return typeof one === 'number'
      ? (variables) => length(variables) * one
      : (variables) => length(variables) * one(variables);
  }
  return typeof one === 'number' ? length * one : (variables) => length * one(variables);
}
