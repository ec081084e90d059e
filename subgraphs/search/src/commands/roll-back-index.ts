import { accept, type Result, reject } from '@marketgraph/platform/core';
import { trackVersion } from '../store/versions.ts';
import type { CommandDeps } from './deps.ts';

/** Makes another kept version the live one at once; what has changed since it was live follows from its list. */
export async function rollBackIndex(deps: CommandDeps, version: string): Promise<Result<string>> {
  const known = await deps.index.versions();
  if (!known.some((one) => one.version === version)) {
    return reject('NOT_FOUND', 'There is no such version.', { field: ['version'] });
  }
  await trackVersion(deps.redis, version);
  await deps.index.goLive(version);
  deps.nudge();
  return accept(version);
}
