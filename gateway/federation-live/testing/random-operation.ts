import {
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isUnionType,
} from 'graphql';
import type { Random } from './random.ts';

export interface RandomOperation {
  text: string;
  variables: Record<string, unknown>;
}

/** Words that a careless executor would take for something else. */
const HARD_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
const VARIABLES =
  '$yes: Boolean!, $no: Boolean!, $maybe: Boolean = true, $first: Int = 3, $id: ID = "2", $text: String';

/** An operation over a schema; nearly always valid, and to be validated by the caller. */
export function randomOperation(schema: GraphQLSchema, random: Random, size: number): RandomOperation {
  const mutation = schema.getMutationType();
  const root = mutation && random.chance(10) ? mutation : schema.getQueryType()!;
  const writer = new OperationWriter(schema, random, size);
  const body = writer.selectionSet(root, 0);
  const fragments = writer.fragments.join('\n');
  const used = VARIABLES.split(', ').filter((variable) => {
    const name = variable.slice(0, variable.indexOf(':'));
    return new RegExp(`\\${name}\\b`).test(body + fragments);
  });
  const keyword = root === mutation ? 'mutation' : 'query';
  const text = `${keyword}${used.length > 0 ? `(${used.join(', ')})` : ''} ${body}\n${fragments}`;
  const given: Record<string, unknown> = { yes: true, no: false, text: 'a' };
  if (random.chance(50)) given['maybe'] = random.chance(50);
  if (random.chance(50)) Object.assign(given, { first: random.below(5), id: String(random.below(8)) });
  return { text, variables: given };
}

class OperationWriter {
  readonly fragments: string[] = [];
  private readonly schema: GraphQLSchema;
  private readonly random: Random;
  private left: number;

  constructor(schema: GraphQLSchema, random: Random, size: number) {
    this.schema = schema;
    this.random = random;
    this.left = size;
  }

  selectionSet(type: GraphQLCompositeType, depth: number, isTyped = isAbstractType(type)): string {
    const selections: string[] = [];
    const count = 1 + this.random.below(4);
    for (let at = 0; at < count; at++) {
      this.left -= 1;
      if (this.left < 0 && selections.length > 0) break;
      selections.push(this.selection(type, depth, isTyped));
    }
    return `{ ${selections.join(' ')} }`;
  }

  private selection(type: GraphQLCompositeType, depth: number, isTyped: boolean): string {
    const { random } = this;
    if (random.chance(7)) return `${random.chance(20) ? 'type: ' : ''}__typename`;
    if (depth < 6 && random.chance(isAbstractType(type) ? 55 : 12)) return this.fragment(type, depth, isTyped);
    if (isUnionType(type)) return '__typename';
    const fields = Object.values(type.getFields());
    const shallow = fields.filter(({ type: inner }) => !isCompositeType(getNamedType(inner)));
    const from = (depth >= 5 || this.left <= 0) && shallow.length > 0 ? shallow : fields;
    return this.field(random.pick(from), depth);
  }

  private fragment(type: GraphQLCompositeType, depth: number, isTyped: boolean): string {
    const { random, schema } = this;
    const own = isAbstractType(type) ? [...schema.getPossibleTypes(type)] : [type];
    const around = Object.values(schema.getTypeMap()).filter(
      (other): other is GraphQLCompositeType =>
        isAbstractType(other) && schema.getPossibleTypes(other).some((possible) => own.includes(possible)),
    );
    // The stock executor loses fields below a wider fragment unless `__typename` was fetched for another reason.
    const condition = !isTyped || random.chance(70) ? random.pick(own) : random.pick([...around, type]);
    const body = this.selectionSet(condition, depth + 1, isTyped);
    if (random.chance(25)) {
      const name = `F${this.fragments.length}`;
      this.fragments.push(`fragment ${name} on ${condition.name} ${body}`);
      return `...${name}${this.directive()}`;
    }
    const bare = condition === type && random.chance(30);
    return `...${bare ? '' : ` on ${condition.name}`}${this.directive()} ${body}`;
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const { random } = this;
    const given = field.args.flatMap(({ name, type }) =>
      isNonNullType(type) || random.chance(60) ? [`${name}: ${this.value(type)}`] : [],
    );
    const args = given.length > 0 ? `(${given.join(', ')})` : '';
    // Whatever is asked for in the same way may share a name, and then is merged.
    let alias = args === '' ? '' : `${field.name}${args.replaceAll(/\W+/g, '_')}: `;
    if (alias === '' && random.chance(12))
      alias = `${random.chance(10) ? random.pick(HARD_NAMES) : `${field.name}2`}: `;
    const type = getNamedType(field.type);
    const below = isCompositeType(type) ? ` ${this.selectionSet(type, depth + 1)}` : '';
    return `${alias}${field.name}${args}${this.directive()}${below}`;
  }

  private directive(): string {
    const { random } = this;
    if (!random.chance(12)) return '';
    return ` @${random.pick(['include', 'skip'])}(if: ${random.pick(['$yes', '$no', '$maybe', 'true', 'false'])})`;
  }

  private value(type: GraphQLInputType): string {
    const { random } = this;
    const inner = isNonNullType(type) ? type.ofType : type;
    if (isListType(inner)) return `[${this.value(inner.ofType)}]`;
    if (isEnumType(inner)) return random.pick(inner.getValues()).name;
    const name = getNamedType(inner).name;
    if (name === 'Int') return isNonNullType(type) || random.chance(50) ? String(random.below(5)) : '$first';
    if (name === 'Boolean') return 'true';
    if (name === 'ID') return !isNonNullType(type) && random.chance(30) ? '$id' : `"${random.below(8)}"`;
    return isNonNullType(type) || random.chance(50) ? `"${random.pick(['a', 'b'])}"` : '$text';
  }
}
