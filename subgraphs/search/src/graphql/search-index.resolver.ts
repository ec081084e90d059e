import type { Rejection, Result } from '@marketgraph/platform/core';
import { badUserInput, requireRole } from '@marketgraph/platform/graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { CommandDeps } from '../commands/deps.ts';
import { startRebuild } from '../commands/rebuild-index.ts';
import { rollBackIndex } from '../commands/roll-back-index.ts';
import { setSynonyms } from '../commands/set-synonyms.ts';
import { trackEvent } from '../commands/track-event.ts';
import { readStatus } from '../queries/index-status.ts';
import type { SearchContext } from './context.ts';
import { SearchIndexPayload, SearchIndexStatus, TrackPayload } from './index-status.type.ts';
import { MAX_QUERY_LENGTH } from '../queries/search-products.ts';
import { SearchEventInput, SynonymInput } from './search.input.ts';
import type { UserError } from './shared.type.ts';

const MAX_REASON_LENGTH = 200;
/** A search shows no more. */
const MAX_POSITION = 1_000;

@Resolver()
export class SearchIndexResolver {
  @Query(() => SearchIndexStatus, { description: 'The index and how far it has come.' })
  searchIndex(@Ctx() { commands }: SearchContext): Promise<SearchIndexStatus> {
    return readStatus(commands);
  }

  @Mutation(() => SearchIndexPayload, {
    description:
      'Begins a new version from the sources, for operators. It becomes live when it is complete; searches go on meanwhile.',
  })
  async searchReindex(
    @Ctx() { commands, viewer }: SearchContext,
    @Arg('reason', () => String, { description: 'Why, for the log; at most 200 characters.' }) reason: string,
  ): Promise<SearchIndexPayload> {
    requireRole(viewer, 'OPERATOR');
    if (reason.length > MAX_REASON_LENGTH) throw badUserInput(`reason is longer than ${MAX_REASON_LENGTH} characters.`);
    return toPayload(commands, await startRebuild(commands, reason));
  }

  @Mutation(() => SearchIndexPayload, { description: 'Makes another kept version live at once, for operators.' })
  async searchIndexRollback(
    @Ctx() { commands, viewer }: SearchContext,
    @Arg('version', () => String, { description: 'Its name, as `searchIndex` lists it.' }) version: string,
  ): Promise<SearchIndexPayload> {
    requireRole(viewer, 'OPERATOR');
    return toPayload(commands, await rollBackIndex(commands, version));
  }

  @Mutation(() => SearchIndexPayload, {
    description: 'Replaces all synonyms, at most 1,000, for operators. Searches know them at once.',
  })
  async searchSynonymsSet(
    @Ctx() { commands, viewer }: SearchContext,
    @Arg('input', () => [SynonymInput], { description: 'All there are to be.' }) input: SynonymInput[],
  ): Promise<SearchIndexPayload> {
    requireRole(viewer, 'OPERATOR');
    return toPayload(commands, await setSynonyms(commands, input));
  }

  @Mutation(() => TrackPayload, {
    description: 'Counts what a buyer did, for `trending` and for results of their own; once per hour and product.',
  })
  async searchEventTrack(
    @Ctx() { commands, viewer }: SearchContext,
    @Arg('input', () => SearchEventInput, { description: 'What was done.' }) input: SearchEventInput,
  ): Promise<TrackPayload> {
    const { kind, productId, query = null, position = null } = input;
    if (query !== null && query.length > MAX_QUERY_LENGTH) {
      throw badUserInput(`query is longer than ${MAX_QUERY_LENGTH} characters.`);
    }
    if (position !== null && (position < 1 || position > MAX_POSITION)) {
      throw badUserInput(`position must be from 1 to ${MAX_POSITION}.`);
    }
    return { accepted: await trackEvent(commands, { act: kind, productId, viewer, query, position }) };
  }
}

async function toPayload(commands: CommandDeps, outcome: Result<unknown>): Promise<SearchIndexPayload> {
  return outcome.ok
    ? { status: await readStatus(commands), userErrors: [] }
    : { status: null, userErrors: [toUserError(outcome.rejection)] };
}

function toUserError({ code, message, field }: Rejection): UserError {
  return Object.assign(
    { code: UserErrorCode[code as keyof typeof UserErrorCode], message, field: field ?? null },
    { __typename: 'BasicUserError' },
  );
}
