import { badRequest, unsupported } from '../http/api-error.ts';
import type { FilterClause, FilterNode, FilterOperator, FilterValue } from './ast.ts';

// The real server's default for `--filter-by-max-ops`.
const MAX_OPERATIONS = 100;
const MAX_LENGTH = 256 * 1024;
const MAX_DEPTH = 50;

/**
 * Parses `filter_by`. As in Typesense, `&&` and `||` bind equally and from the left: whoever mixes them must use
 * parentheses.
 */
export function parseFilter(text: string): FilterNode | undefined {
  if (text.trim() === '') return undefined;
  if (text.length > MAX_LENGTH) throw badRequest(`\`filter_by\` is longer than ${MAX_LENGTH} characters.`);
  const parser = new FilterParser(text);
  return parser.parse();
}

class FilterParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #operations = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): FilterNode {
    const node = this.#expression();
    this.#skipSpace();
    if (this.#peek() === ')') throw badRequest('Could not parse the filter query: unbalanced parentheses.');
    if (this.#at < this.#text.length) throw this.#malformed();
    return node;
  }

  #expression(): FilterNode {
    let node = this.#operand();
    for (;;) {
      this.#skipSpace();
      const operator = this.#text.slice(this.#at, this.#at + 2);
      if (operator !== '&&' && operator !== '||') {
        if (this.#peek() === '&' || this.#peek() === '|') throw this.#malformed();
        return node;
      }
      this.#at += 2;
      this.#countOperation();
      node = { kind: operator === '&&' ? 'and' : 'or', left: node, right: this.#operand() };
    }
  }

  #operand(): FilterNode {
    this.#skipSpace();
    if (this.#peek() !== '(') return this.#clause();
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw badRequest('`filter_by` is nested too deeply.');
    this.#at += 1;
    const node = this.#expression();
    this.#skipSpace();
    if (this.#peek() !== ')') throw badRequest('Could not parse the filter query: unbalanced parentheses.');
    this.#at += 1;
    this.#depth -= 1;
    return node;
  }

  #clause(): FilterClause {
    this.#countOperation();
    if (this.#peek() === '$' || this.#text.startsWith('!$', this.#at)) throw unsupported('A join in `filter_by`');
    const from = this.#at;
    while (this.#at < this.#text.length && !':()&|'.includes(this.#peek())) this.#at += 1;
    const field = this.#text.slice(from, this.#at).trim();
    if (field.includes('.{')) throw unsupported('A nested object filter');
    if (field === '' || this.#peek() !== ':') throw this.#malformed();
    this.#at += 1;
    const operator = this.#operator();
    this.#skipSpace();
    if (this.#peek() === '[') return { kind: 'clause', field, operator, list: true, values: this.#list(field) };
    const value = this.#value(false);
    if (!value.quoted && value.text === '') {
      throw badRequest(`Error with filter field \`${field}\`: Filter value cannot be empty.`);
    }
    return { kind: 'clause', field, operator, list: false, values: [value] };
  }

  #operator(): FilterOperator {
    this.#skipSpace();
    if (this.#text.startsWith('!=', this.#at)) return this.#took(2, ':!=');
    if (this.#peek() === '=') return this.#took(1, ':=');
    if (this.#peek() === '!') return this.#took(1, ':!');
    return ':';
  }

  #took(characters: number, operator: FilterOperator): FilterOperator {
    this.#at += characters;
    return operator;
  }

  #list(field: string): FilterValue[] {
    const values: FilterValue[] = [];
    this.#at += 1;
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#text.length) throw this.#malformed();
      if (this.#peek() === ']') {
        this.#at += 1;
        break;
      }
      const value = this.#value(true);
      if (value.quoted || value.text !== '') values.push(value);
      this.#skipSpace();
      if (this.#peek() === ',') this.#at += 1;
      else if (this.#peek() !== ']') throw this.#malformed();
    }
    if (values.length === 0) throw badRequest(`Error with filter field \`${field}\`: Filter value cannot be empty.`);
    return values;
  }

  #value(inList: boolean): FilterValue {
    this.#skipSpace();
    if (this.#peek() === '`') return this.#quoted();
    // A value in parentheses is a place: `(48.9, 2.3, 5 km)`.
    if (this.#peek() === '(') return this.#place();
    const from = this.#at;
    while (this.#at < this.#text.length && !this.#endsValue(inList)) this.#at += 1;
    return { text: this.#text.slice(from, this.#at).trim(), quoted: false };
  }

  #endsValue(inList: boolean): boolean {
    const char = this.#peek();
    if (char === '`' || char === '(') throw this.#malformed();
    if (inList) return char === ',' || char === ']';
    const two = this.#text.slice(this.#at, this.#at + 2);
    return char === ')' || two === '&&' || two === '||';
  }

  #quoted(): FilterValue {
    const end = this.#text.indexOf('`', this.#at + 1);
    if (end < 0) throw this.#malformed();
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return { text, quoted: true };
  }

  #place(): FilterValue {
    const end = this.#text.indexOf(')', this.#at);
    if (end < 0) throw badRequest('Could not parse the filter query: unbalanced parentheses.');
    const text = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    return { text, quoted: false };
  }

  #countOperation(): void {
    this.#operations += 1;
    if (this.#operations > MAX_OPERATIONS) {
      throw badRequest(`\`filter_by\` has too many operations. Maximum allowed: ${MAX_OPERATIONS}.`);
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #skipSpace(): void {
    while (/\s/.test(this.#peek())) this.#at += 1;
  }

  #malformed(): Error {
    return badRequest('Could not parse the filter query.');
  }
}
