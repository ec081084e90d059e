import { Directive, Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ImportState } from '../domain/catalog-import.ts';
import { Node, StreamEvent } from './shared.type.ts';

export enum ImportFormat {
  CSV = 'CSV',
  JSONL = 'JSONL',
}
registerEnumType(ImportFormat, {
  name: 'ImportFormat',
  description: 'How a product feed is written.',
  valuesConfig: {
    CSV: { description: 'A table with a header line, upload type `text/csv`.' },
    JSONL: { description: 'One JSON object per line, upload type `application/x-ndjson`.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'A product feed on its way into the catalog.' })
export class CatalogImport extends Node {
  @Field(() => String, { description: 'RECEIVED, RUNNING, COMPLETED or FAILED.' })
  status!: string;

  @Field(() => Int, { description: 'Rows read so far, good and bad.' })
  processed!: number;

  @Field(() => Int, { description: 'Rows that could not be taken over; see `errorsUrl`.' })
  failed!: number;

  @Field(() => Int, { description: 'Rows that made a new offer.' })
  created!: number;

  @Field(() => Int, { description: 'Rows that changed something.' })
  updated!: number;

  @Field(() => Int, { description: 'Rows that said what the catalog knew already.' })
  unchanged!: number;

  @Field(() => String, { nullable: true, description: 'Why it FAILED.' })
  failureReason!: string | null;

  state!: ImportState;
}

@ObjectType({ implements: StreamEvent, description: 'How far an import has come.' })
export class CatalogImportEvent extends StreamEvent {
  @Field(() => CatalogImport, { description: 'The import as it is now.' })
  import!: CatalogImport;
}

export function toCatalogImport(state: ImportState): CatalogImport {
  const { id, status, processed, failed, created, updated, unchanged, failureReason } = state;
  return Object.assign(new CatalogImport(), {
    __typename: 'CatalogImport',
    id,
    status,
    processed,
    failed,
    created,
    updated,
    unchanged,
    failureReason,
    state,
  });
}
