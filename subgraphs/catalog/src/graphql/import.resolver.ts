import { Arg, Ctx, Directive, FieldResolver, ID, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { badUserInput, principalOf, requireActing, type StreamRoot, URLScalar } from '@marketgraph/platform/graphql';
import type { ImportProgressed } from '@marketgraph/schema/events/catalog';
import { createUpload } from '../commands/create-upload.ts';
import { syncRows } from '../commands/import/sync-rows.ts';
import { startImport } from '../commands/import/start-import.ts';
import { errorFileUrl } from '../files/error-file.ts';
import { canSeeImport, isSeller, requireSeller, textOf } from './access.ts';
import { actorOf, type CatalogContext, runCommand } from './context.ts';
import { CatalogImportInput, CatalogSyncInput, MediaUploadInput } from './import.input.ts';
import { CatalogImport, CatalogImportEvent, toCatalogImport, toSyncedRow } from './import.type.ts';
import { CatalogImportPayload, CatalogSyncPayload, MediaUploadPayload, settled } from './payload.type.ts';
import { StreamEventKind } from './shared.type.ts';

export const importReference = async (
  reference: { id?: unknown },
  { loaders, viewer }: CatalogContext,
): Promise<CatalogImport | null> => {
  const id = textOf(reference.id);
  const state = id ? await loaders.import.load(id) : null;
  return state && canSeeImport(viewer, state) ? toCatalogImport(state) : null;
};

@Resolver(() => CatalogImport)
export class ImportResolver {
  @Directive('@apiScope(anyOf: ["catalog:write"])')
  @Mutation(() => MediaUploadPayload, {
    description: 'Announces a file. Its bytes go straight to the address in the answer.',
  })
  async mediaUploadCreate(
    @Ctx() context: CatalogContext,
    @Arg('input', () => MediaUploadInput, { description: 'What will come.' }) input: MediaUploadInput,
  ): Promise<MediaUploadPayload> {
    const owner = requireActing(context.viewer);
    const { filename, contentType, byteSize } = input;
    const command = { ownerId: principalOf(owner), isSeller: isSeller(owner), filename, contentType, byteSize };
    const { value, userErrors } = settled(await createUpload(context.deps, command), (presigned) => presigned);
    return {
      uploadId: value?.upload.id ?? null,
      uploadUrl: value?.url ?? null,
      expiresAt: value?.upload.expiresAt ?? null,
      userErrors,
    };
  }

  @Directive('@apiScope(anyOf: ["catalog:write"])')
  @Mutation(() => CatalogImportPayload, {
    description: 'Takes over a product feed. What is valid in it is published at once; bad rows are listed.',
  })
  async catalogImportStart(
    @Ctx() context: CatalogContext,
    @Arg('input', () => CatalogImportInput, { description: 'The feed.' }) input: CatalogImportInput,
  ): Promise<CatalogImportPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    const { vendorId, uploadId, format, currencyCode, language } = input;
    const command = { actor, vendorId, uploadId, format, currencyCode, language };
    const outcome = await runCommand(context, (deps) => startImport(deps, command));
    const { value, userErrors } = settled(outcome, toCatalogImport);
    return { import: value, userErrors };
  }

  @Directive('@apiScope(anyOf: ["catalog:write"])')
  @Mutation(() => CatalogSyncPayload, {
    description:
      'Takes over rows the moment they change at their source, like a small feed: valid ones are published at once, the others are answered with what is wrong. The same rows again change nothing.',
  })
  async catalogSyncBatch(
    @Ctx() context: CatalogContext,
    @Arg('input', () => CatalogSyncInput, { description: 'The rows.' }) input: CatalogSyncInput,
  ): Promise<CatalogSyncPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    const outcome = await runCommand(context, (deps) => syncRows(deps, { actor, ...input }));
    const { value, userErrors } = settled(outcome, (rows) => rows.map(toSyncedRow));
    return { rows: value, userErrors };
  }

  @Directive('@coalesce')
  @Directive('@apiScope(anyOf: ["catalog:read"])')
  @Subscription(() => CatalogImportEvent, {
    topics: 'gateway',
    description: 'How far an import of yours has come, at least once a second.',
  })
  async catalogImportProgress(
    @Root() root: StreamRoot,
    @Ctx() context: CatalogContext,
    @Arg('importId', () => ID, { description: 'The import.' }) importId: string,
    @Arg('after', () => String, {
      nullable: true,
      description: 'Cursor of the last event you have had; the stream goes on behind it.',
    })
    _after?: string,
  ): Promise<CatalogImportEvent> {
    requireActing(context.viewer);
    const state = await context.loaders.import.load(importId);
    if (!state || !canSeeImport(context.viewer, state)) throw badUserInput('No such import.');
    const told = root.envelope?.payload as ImportProgressed | undefined;
    // A late event must not seem to undo what was seen: the counts are those of its own moment.
    const moment = told
      ? { ...state, status: told.status as typeof state.status, processed: told.processed, failed: told.failed }
      : state;
    return Object.assign(new CatalogImportEvent(), {
      cursor: root.cursor,
      occurredAt: new Date(root.occurredAt),
      kind: StreamEventKind[root.kind],
      import: toCatalogImport(moment),
    });
  }

  @FieldResolver(() => URLScalar, {
    nullable: true,
    description:
      'The bad rows as one JSON object per line: `line`, `sku`, `code`, `field`, `reason`. Works for an hour. Null while there is none.',
  })
  errorsUrl(@Root() { state }: CatalogImport, @Ctx() { deps }: CatalogContext): string | null {
    return state.failed > 0 ? errorFileUrl(deps, state.id) : null;
  }
}
