/** What `filter_by` says, before anyone looks at the schema. */
export type FilterNode = FilterClause | FilterJunction;

export type FilterJunction = { kind: 'and' | 'or'; left: FilterNode; right: FilterNode };

/**
 * `:` contains (or a numeric comparison, when the value begins with one), `:=` equals, `:!=` differs, `:!` does not
 * contain. A value in backticks is `quoted`: taken as it stands.
 */
export type FilterOperator = ':' | ':=' | ':!=' | ':!';

export type FilterValue = { text: string; quoted: boolean };

export type FilterClause = {
  kind: 'clause';
  field: string;
  operator: FilterOperator;
  list: boolean;
  values: FilterValue[];
};
