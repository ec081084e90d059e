import type { EntityManager } from '@mikro-orm/postgresql';

/** The values of one column as its property has them. */
type Read = (value: unknown) => unknown;

interface Field {
  column: string;
  property: string;
  read: Read;
}

const asIs: Read = (value) => value;
const toNumber: Read = (value) => (value === null ? null : Number(value));
const toDate: Read = (value) => (value === null ? null : new Date(value as string));

const known = new WeakMap<object, readonly Field[]>();

/**
 * Rows of `select *` with the names and types of their entity, and nothing of the ORM about them: for those who only
 * read. Changing one changes nothing in the database.
 */
export function plainRows<Entity extends object>(
  em: EntityManager,
  entity: new () => Entity,
  rows: readonly Record<string, unknown>[],
): Entity[] {
  const fields = fieldsOf(em, entity);
  return rows.map((row) => {
    const plain: Record<string, unknown> = {};
    for (const { column, property, read } of fields) plain[property] = read(row[column] ?? null);
    return plain as Entity;
  });
}

function fieldsOf(em: EntityManager, entity: new () => object): readonly Field[] {
  let fields = known.get(entity);
  if (!fields) {
    fields = em
      .getMetadata()
      .get(entity)
      .props.map(({ name, fieldNames, runtimeType }) => ({
        column: fieldNames[0]!,
        property: name,
        read: runtimeType === 'number' ? toNumber : runtimeType === 'Date' ? toDate : asIs,
      }));
    known.set(entity, fields);
  }
  return fields;
}
