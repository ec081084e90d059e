import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse, print, visit } from 'graphql';

export interface SampleOperation {
  name: string;
  text: string;
  variables?: Record<string, unknown>;
}

/** Names, one a line, in the order a visitor meets them. Operations that are not named come after those that are. */
const ORDER_FILE = 'samples.txt';

/** The operations of a folder, each a document of its own with the fragments it uses. No folder: none. */
export async function readSampleOperations(folder: string): Promise<SampleOperation[]> {
  const files = await readdir(folder).catch(() => []);
  const definitions = (
    await Promise.all(
      files
        .filter((file) => file.endsWith('.graphql'))
        .toSorted()
        .map(async (file) => parse(await readFile(join(folder, file), 'utf8'), { noLocation: true }).definitions),
    )
  ).flat();
  const fragments = new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  const order = (await readFile(join(folder, ORDER_FILE), 'utf8').catch(() => '')).split('\n');
  const samples = definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION && definition.name
      ? [
          {
            name: definition.name.value,
            text: [definition, ...fragmentsOf(definition, fragments)].map(print).join('\n\n'),
            variables: variablesOf(definition),
            rank: rankOf(definition, order.indexOf(definition.name.value)),
          },
        ]
      : [],
  );
  return samples.toSorted((a, b) => a.rank - b.rank).map(({ rank: _, ...sample }) => sample);
}

/** What is named in its order; then what needs nothing, what streams, and the rest. */
function rankOf({ operation, variableDefinitions }: OperationDefinitionNode, named: number): number {
  if (named >= 0) return named - MAX_NAMED;
  if (operation === 'query') return variableDefinitions?.some(({ type }) => type.kind === Kind.NON_NULL_TYPE) ? 2 : 0;
  return operation === 'subscription' ? 1 : 3;
}

const MAX_NAMED = 1_000;

function fragmentsOf(
  node: OperationDefinitionNode,
  all: ReadonlyMap<string, FragmentDefinitionNode>,
): FragmentDefinitionNode[] {
  const used = new Set<FragmentDefinitionNode>();
  const collect = (from: OperationDefinitionNode | FragmentDefinitionNode) => {
    visit(from, {
      FragmentSpread({ name }) {
        const fragment = all.get(name.value);
        if (fragment && !used.has(fragment)) {
          used.add(fragment);
          collect(fragment);
        }
      },
    });
  };
  collect(node);
  return [...used];
}

/** A place for each variable that must be given, so that the editor shows what is asked for. */
function variablesOf({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> | undefined {
  const required = variableDefinitions.filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined,
  );
  if (required.length === 0) return undefined;
  return Object.fromEntries(required.map(({ variable, type }) => [variable.name.value, `<${print(type)}>`]));
}
