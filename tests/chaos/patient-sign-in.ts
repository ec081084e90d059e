import { until } from '@marketgraph/platform/testing';
import { signIn, type StoryGraph } from '../story/cast.ts';
import type { Person } from '../support/person.ts';

const PATIENCE_MS = 90_000;
const LOOK_MS = 1_000;

/** Signs in as soon as it may: five times a minute. A run of all points is longer than a token lives, so it is done again for each. */
export function signInPatiently(
  graph: StoryGraph,
  name: string,
  credentials: { email: string; password: string },
): Promise<Person> {
  return until(() => signIn(graph, name, credentials), {
    timeoutMs: PATIENCE_MS,
    intervalMs: LOOK_MS,
    what: `${name} to sign in`,
  });
}
