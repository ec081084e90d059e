import { afterAll, beforeAll, describe } from 'vitest';
import { type AccessCast, openAccessCast } from '../access/cast-of-access.ts';
import { itStaysSilentWithoutItsDatabase } from './database-down.ts';
import { itTellsForeignFromMissingNowhere } from './foreign.ts';
import { type Fallen, itKnowsTokensFromTokens, itNoticesWhoFell, letThreeFall } from './sessions.ts';
import { itIsNoDoorOfItsOwn } from './subgraph-door.ts';

/** Rows of the hostile table that need the real subgraphs; those of the gateway alone are beside its source. */
describe.each(['monolith', 'processes'] as const)('hostile, %s', (shape) => {
  let cast: AccessCast | undefined;
  let fallen: Fallen | undefined;
  const opened = (): AccessCast => cast!;

  beforeAll(async () => {
    cast = await openAccessCast(shape);
    // The same code in both shapes, and most of a minute of waiting: once is enough.
    if (shape === 'processes') fallen = await letThreeFall(cast);
  });
  afterAll(async () => {
    fallen?.leave();
    await cast?.stop();
  });

  itKnowsTokensFromTokens(opened);
  itTellsForeignFromMissingNowhere(opened);
  if (shape === 'processes') itIsNoDoorOfItsOwn(opened);
  itStaysSilentWithoutItsDatabase(opened);
  // Last: by then most of their minute has passed.
  if (shape === 'processes') itNoticesWhoFell(opened, () => fallen!);
});
