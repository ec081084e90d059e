import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itLetsKeysDoWhatTheirScopesName } from './api-keys.ts';
import { type AccessCast, openAccessCast } from './cast-of-access.ts';
import { itAnswersOnlyTheGateway } from './direct-calls.ts';
import { accessOf, everyRootField } from './matrix.ts';
import { itKeepsWhatIsAnns } from './private-things.ts';
import { rootFields } from './root-fields.ts';

it('A4 every root field of the graph has a row in the table of who may use it, and no row is of a field that is gone', () => {
  expect(Object.keys(rootFields).toSorted()).toEqual(everyRootField.map(({ name }) => name).toSorted());
});

describe.each(['monolith', 'processes'] as const)('access, %s', (shape) => {
  let cast: AccessCast | undefined;
  const opened = (): AccessCast => cast!;

  beforeAll(async () => {
    cast = await openAccessCast(shape);
  });
  afterAll(() => cast?.stop());

  itKeepsWhatIsAnns(opened);
  itLetsKeysDoWhatTheirScopesName(opened);
  if (shape === 'processes') itAnswersOnlyTheGateway(opened);

  // Last, since it ends with everybody signing out.
  it.each(everyRootField)('A4 $name lets in whom the table says', async (rootField) => {
    const { bob, gamma, operator } = opened();
    const expected = rootFields[rootField.name];
    const row = [];
    for (const [index, person] of [null, bob, gamma.person, operator].entries())
      row.push(await accessOf(opened(), rootField, { person, expected: expected?.[index] }));
    expect(row).toEqual(expected);
  });
});
