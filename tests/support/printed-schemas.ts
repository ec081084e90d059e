import { readdirSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type DocumentNode, type FieldDefinitionNode, Kind, type ObjectTypeDefinitionNode, parse } from 'graphql';

export const ROOT = resolve(import.meta.dirname, '..', '..');
const FOLDER = resolve(ROOT, 'schema', 'subgraphs');

export interface PrintedSchema {
  name: string;
  sdl: string;
  document: DocumentNode;
}

/** The checked-in SDL of every subgraph, the gateway's own included. */
export const printedSchemas: readonly PrintedSchema[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.graphql'))
  .toSorted()
  .map((file) => {
    const sdl = readFileSync(resolve(FOLDER, file), 'utf8');
    return { name: basename(file, '.graphql'), sdl, document: parse(sdl) };
  });

export const objectTypesOf = (document: DocumentNode): ObjectTypeDefinitionNode[] =>
  document.definitions.filter((definition) => definition.kind === Kind.OBJECT_TYPE_DEFINITION);

export function fieldsOf(document: DocumentNode, type: string): readonly FieldDefinitionNode[] {
  return objectTypesOf(document).find(({ name }) => name.value === type)?.fields ?? [];
}

/** The fields of every `@key` of the type, by name. Empty for a type that is no entity. */
export function keyFieldsOf(type: ObjectTypeDefinitionNode): Set<string> {
  const keys = (type.directives ?? []).filter(({ name }) => name.value === 'key');
  return new Set(
    keys.flatMap(({ arguments: args }) => {
      const fields = args?.find(({ name }) => name.value === 'fields')?.value;
      return fields?.kind === Kind.STRING ? (fields.value.match(/\w+/g) ?? []) : [];
    }),
  );
}
