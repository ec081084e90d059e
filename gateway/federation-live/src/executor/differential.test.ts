import fc from 'fast-check';
import { execute, type GraphQLError, Kind, parse, print, validate, visit } from 'graphql';
import { expect, it } from 'vitest';
import { differentialGraph } from '../../testing/differential-graph.ts';
import { toldOf } from '../../testing/toy-services.ts';
import { randomFrom } from '../../testing/random.ts';
import { randomOperation } from '../../testing/random-operation.ts';
import { canonicalJson } from './share-fetches.ts';

const { state, toys } = differentialGraph();

const anyCase = fc.record({
  seed: fc.nat(),
  size: fc.integer({ min: 2, max: 30 }),
  nulls: fc.constantFrom(0, 10, 30),
  failures: fc.constantFrom(0, 0, 5),
  unknown: fc.constantFrom(0, 10),
  wrong: fc.constantFrom(0, 0, 8),
});

/** An operation that the planner can plan, over data that the same seed decides. */
function operationOf({ seed, size, ...rates }: Omit<typeof state, 'seed'> & { seed: number; size: number }) {
  const operation = randomOperation(toys.schema, randomFrom(seed), size);
  fc.pre(isPlanned(operation.text));
  Object.assign(state, { seed, ...rates });
  return { ...operation, about: `${operation.text}\n${JSON.stringify(operation.variables)}` };
}

it('answers every operation as the stock executor does', async () => {
  const property = fc.asyncProperty(anyCase, async (each) => {
    const { text, variables, about } = operationOf(each);
    const stock = await toys.stock(text, variables);
    const ours = await toys.ours(text, variables);
    expect(canonicalJson(ours.data), about).toBe(canonicalJson(stock.data));
    if (stock.errors.some((error) => !isCompletion(error))) {
      const fetchErrors = ours.errors.filter((error) => !isCompletion(error));
      expect(placeless(fetchErrors), about).toEqual(placeless(stock.errors));
    } else {
      const told = new Set(stock.errors);
      const more = toldOf(ours.raw.filter((error) => !told.has(toldOf([error])[0]!) && !isBelowNull(ours.data, error)));
      expect(
        more.filter((error) => !isUnknownType(error)),
        about,
      ).toEqual([]);
      expect(ours.errors, about).toEqual(expect.arrayContaining(stock.errors));
    }
  });
  await fc.assert(property, { numRuns: 600 });
}, 120_000);

it('orders and completes as graphql-js would, tells of no error where there is a value, and asks for nothing twice', async () => {
  const property = fc.asyncProperty(anyCase, async (each) => {
    const operation = operationOf(each);
    const { text, about } = { ...operation, ...withTypenames(operation.text) };
    fc.pre(isPlanned(text));
    const { data, raw } = await toys.ours(text, operation.variables);
    const again = await execute({
      schema: toys.schema,
      document: parse(text),
      rootValue: data,
      variableValues: operation.variables,
      fieldResolver: (source, _args, _context, { path }) => source[path.key],
    });
    expect(JSON.stringify(again.data), about).toBe(JSON.stringify(data));
    for (const error of raw) {
      // Two subgraphs answer these: one may fail where the other does not.
      if (/^(sizes|box)/.test(String(error.path?.[0]))) continue;
      // What only @requires asked for, or the planner for nobody, is in no result.
      expect(valueAt(data, error.path ?? []) ?? null, `${error.message} ${about}`).toBeNull();
    }
    for (const { variables } of toys.fetches) {
      const asked = ((variables['representations'] ?? []) as unknown[]).map(canonicalJson);
      expect(asked, about).toEqual([...new Set(asked)]);
    }
  });
  await fc.assert(property, { numRuns: 300 });
}, 120_000);

/** The planner cannot plan everything: that is its own affair. */
function isPlanned(text: string): boolean {
  const document = parse(text);
  if (validate(toys.schema, document).length > 0) return false;
  try {
    toys.plan(document);
    return true;
  } catch {
    return false;
  }
}

/** The same with the type of every object, as graphql-js needs it. */
function withTypenames(text: string): { text: string; about: string } {
  const document = visit(parse(text), {
    SelectionSet: (node) => ({
      ...node,
      selections: [{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }, ...node.selections],
    }),
  });
  return { text: print(document), about: print(document) };
}

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data;
  for (const key of path) {
    if (value === null || value === undefined) return value;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** The stock executor goes into a field once for each time it is written, and not again when it is null by then. */
const isBelowNull = (data: unknown, { path = [] }: GraphQLError): boolean => valueAt(data, path.slice(0, -1)) === null;

const isCompletion = (error: string): boolean => /: (Cannot return null|Invalid|The type of)/.test(error);

/** The stock executor makes such an object null and tells nobody. */
const isUnknownType = (error: string): boolean => error.includes(': The type of');

/** The stock executor miscounts when some of the objects could not be asked for. */
const placeless = (errors: string[]): string[] =>
  [...new Set(errors.map((error) => error.replace(/^[^:]*/, (path) => path.replaceAll(/\d+/g, '#'))))].toSorted();
