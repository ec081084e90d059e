import { Directive, Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import type { SyncedRow as SyncedRowState } from '../commands/import/sync-rows.ts';
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

  @Field(() => Int, {
    description: 'Rows whose `sourceVersion` is lower than one the catalog has seen: nothing was changed by them.',
  })
  stale!: number;

  @Field(() => String, { nullable: true, description: 'Why it FAILED.' })
  failureReason!: string | null;

  state!: ImportState;
}

export enum SyncedRowOutcome {
  CREATED = 'CREATED',
  UPDATED = 'UPDATED',
  UNCHANGED = 'UNCHANGED',
  STALE = 'STALE',
  REFUSED = 'REFUSED',
}
registerEnumType(SyncedRowOutcome, {
  name: 'SyncedRowOutcome',
  description: 'What became of a row.',
  valuesConfig: {
    CREATED: { description: 'It made a new offer.' },
    UPDATED: { description: 'It changed something.' },
    UNCHANGED: { description: 'It said what the catalog knew already.' },
    STALE: { description: 'The catalog has seen a higher `sourceVersion`: nothing was changed.' },
    REFUSED: { description: 'It could not be taken over; `code`, `field` and `reason` say why.' },
  },
});

@ObjectType({ description: 'What became of one row of `catalogSyncBatch`.' })
export class SyncedRow {
  @Field(() => String, { nullable: true, description: 'The sku it has, or was given.' })
  sku!: string | null;

  @Field(() => SyncedRowOutcome, { description: 'What became of it.' })
  outcome!: SyncedRowOutcome;

  @Field(() => UserErrorCode, { nullable: true, description: 'Of a row that was refused: what a program decides by.' })
  code!: UserErrorCode | null;

  @Field(() => String, { nullable: true, description: 'Of a row that was refused: where in it.' })
  field!: string | null;

  @Field(() => String, { nullable: true, description: 'Of a row that was refused: what a person reads.' })
  reason!: string | null;
}

@ObjectType({ implements: StreamEvent, description: 'How far an import has come.' })
export class CatalogImportEvent extends StreamEvent {
  @Field(() => CatalogImport, { description: 'The import as it is now.' })
  import!: CatalogImport;
}

export function toCatalogImport(state: ImportState): CatalogImport {
  const { id, status, processed, failed, created, updated, unchanged, stale = 0, failureReason } = state;
  return Object.assign(new CatalogImport(), {
    __typename: 'CatalogImport',
    id,
    status,
    processed,
    failed,
    created,
    updated,
    unchanged,
    stale,
    failureReason,
    state,
  });
}

const outcomes = {
  created: SyncedRowOutcome.CREATED,
  updated: SyncedRowOutcome.UPDATED,
  unchanged: SyncedRowOutcome.UNCHANGED,
  stale: SyncedRowOutcome.STALE,
} as const;

export function toSyncedRow(row: SyncedRowState): SyncedRow {
  if ('result' in row) return { sku: row.sku, outcome: outcomes[row.result], code: null, field: null, reason: null };
  const { sku, code, field, reason } = row;
  return { sku, outcome: SyncedRowOutcome.REFUSED, code: UserErrorCode[code], field, reason };
}
