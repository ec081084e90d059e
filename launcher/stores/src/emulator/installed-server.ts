import { findOnPath } from '../server/find-on-path.ts';
import type { StoreContext } from '../store-context.ts';
import { StoreUnavailableError } from '../store-errors.ts';

/**
 * The machine's own server, when it is to be used instead of the emulator. Data decides before programs do: a server
 * installed later must not make what the emulator holds disappear, nor the other way round.
 */
export function installedServer(
  program: string,
  options: {
    context: Pick<StoreContext, 'useInstalled' | 'log'>;
    store: string;
    hasEmulatorData: boolean;
    hasServerData: boolean;
    variable: string;
    path?: string;
  },
): string | undefined {
  const { context, store, hasEmulatorData, hasServerData, variable } = options;
  const command = findOnPath(program, options.path ?? process.env['PATH'] ?? '');
  if (hasServerData) {
    if (command !== undefined) return command;
    throw new StoreUnavailableError(
      store,
      `The data folder holds data of ${program}, which is no longer on the PATH: install it again, set ${variable}, or start with --fresh.`,
    );
  }
  if (command === undefined || !context.useInstalled) return undefined;
  if (!hasEmulatorData) return command;
  context.log.info(`${store}: ${command} is not used, because the data is the emulator's; --fresh starts over with it`);
  return undefined;
}
