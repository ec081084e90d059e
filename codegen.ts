import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed documents for `schema/operations`, checked against what clients see. */
const config: CodegenConfig = {
  schema: 'schema/api.graphql',
  documents: 'schema/operations/**/*.graphql',
  generates: {
    'schema/generated/operations.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: {
          DateTime: 'string',
          CurrencyCode: 'string',
          CountryCode: 'string',
          LanguageTag: 'string',
          MinorUnits: 'number',
          BasisPoints: 'number',
          JSON: 'unknown',
          URL: 'string',
          IdempotencyKey: 'string',
        },
      },
    },
  },
};

export default config;
