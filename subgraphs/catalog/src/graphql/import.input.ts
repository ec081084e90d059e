import { Field, ID, InputType, Int } from 'type-graphql';
import { CurrencyCode, JSONScalar, LanguageTag } from '@marketgraph/platform/graphql';
import { ImportFormat } from './import.type.ts';

@InputType({ description: 'A product feed to take over.' })
export class CatalogImportInput {
  @Field(() => ID, { description: 'The vendor whose products these are; you must act for it.' })
  vendorId!: string;

  @Field(() => ID, { description: 'Your upload of the feed, its bytes already there.' })
  uploadId!: string;

  @Field(() => ImportFormat, { description: 'How the feed is written.' })
  format!: ImportFormat;

  @Field(() => CurrencyCode, {
    nullable: true,
    description: 'Currency of rows that name none; the marketplace’s own when absent.',
  })
  currencyCode?: string | null;

  @Field(() => LanguageTag, {
    nullable: true,
    description: 'Language of the words in the feed; the marketplace’s own when absent.',
  })
  language?: string | null;
}

@InputType({ description: 'Rows that have changed at their source, e.g. an ERP or PIM.' })
export class CatalogSyncInput {
  @Field(() => ID, { description: 'The vendor whose products these are; you must act for it.' })
  vendorId!: string;

  @Field(() => [JSONScalar], {
    description:
      'Up to 100 rows, each as a line of a JSONL feed. Give each a `sku`, and a `sourceVersion` that grows with every change at the source: an older one never overwrites a newer one.',
  })
  rows!: unknown[];

  @Field(() => CurrencyCode, {
    nullable: true,
    description: 'Currency of rows that name none; the marketplace’s own when absent.',
  })
  currencyCode?: string | null;

  @Field(() => LanguageTag, {
    nullable: true,
    description: 'Language of the words in the rows; the marketplace’s own when absent.',
  })
  language?: string | null;
}

@InputType({ description: 'A file you are going to upload.' })
export class MediaUploadInput {
  @Field(() => String, { description: 'Its name, up to 200 characters.' })
  filename!: string;

  @Field(() => String, {
    description:
      'image/jpeg, image/png, image/gif, image/webp, image/avif (10 MiB each), application/pdf (20 MiB), application/x-ndjson or text/csv (200 MiB, vendors only).',
  })
  contentType!: string;

  @Field(() => Int, { description: 'Exactly how many bytes will come.' })
  byteSize!: number;
}
