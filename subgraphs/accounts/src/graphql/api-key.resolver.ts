import { forbidden, isMemberOf, requireUser, type Viewer } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Directive, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { createApiKey, revokeApiKey } from '../commands/keep-api-keys.ts';
import { causeOf } from './access.ts';
import { BasicPayload } from './account.payload.ts';
import { Vendor } from './account.type.ts';
import { ApiKey, ApiKeyCreateInput, ApiKeyPayload } from './api-key.type.ts';
import type { AccountsContext } from './context.ts';
import { outcome, toApiKey } from './map.ts';

@Resolver()
export class ApiKeyMutations {
  @Mutation(() => ApiKeyPayload, {
    description:
      'Makes a key for a machine of a vendor, at most 20 of one. For who runs it. The answer alone has the secret.',
  })
  async apiKeyCreate(
    @Arg('input', () => ApiKeyCreateInput, { description: 'What it is to be.' }) input: ApiKeyCreateInput,
    @Ctx() context: AccountsContext,
  ): Promise<ApiKeyPayload> {
    const runs = vendorsRunBy(context.viewer);
    const result = await createApiKey(context.commands, { ...input, runs, cause: causeOf(context) });
    const { shown, userErrors } = outcome(result, (created) => created);
    return { apiKeyId: shown?.id ?? null, secret: shown?.secret ?? null, userErrors };
  }

  @Directive('@idempotent')
  @Mutation(() => BasicPayload, {
    description: 'Takes a key back: its next request is refused and its streams end. For who runs its vendor.',
  })
  async apiKeyRevoke(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @Ctx() context: AccountsContext,
  ): Promise<BasicPayload> {
    const runs = vendorsRunBy(context.viewer);
    const result = await revokeApiKey(context.commands, { id, runs, cause: causeOf(context) });
    const { shown, userErrors } = outcome(result, () => true);
    return { success: shown ?? false, userErrors };
  }
}

@Resolver(() => Vendor)
export class VendorApiKeys {
  @FieldResolver(() => [ApiKey], {
    nullable: true,
    description: 'Its API keys that are not revoked, newest first; at most 20. For who runs it; null for others.',
  })
  async apiKeys(@Root() { id }: Vendor, @Ctx() { loaders, viewer }: AccountsContext): Promise<ApiKey[] | null> {
    if (viewer.kind !== 'user' || !isMemberOf(viewer, id, 'VENDOR_ADMIN')) return null;
    return (await loaders.apiKeysOfVendor.load(id)).map(toApiKey);
  }
}

/** For what only who runs a vendor does: everybody else is told so. */
function vendorsRunBy(viewer: Viewer): string[] {
  const { memberships } = requireUser(viewer);
  const runs = memberships.filter(({ of, role }) => of.startsWith('ven_') && role === 'VENDOR_ADMIN');
  if (runs.length === 0) throw forbidden('Only who runs a vendor may do this.');
  return runs.map(({ of }) => of);
}
