import { ALLOWANCE_PLACE, openAllowance } from '../store/allowances.ts';
import { changeStock } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';

export interface SetAllowance {
  allowanceId: string;
  /** How many uses there are in all, those already made included. */
  units: number;
  /** Of the event that says so; 0 when it was asked for before any event came. */
  sequence: number;
  trace?: string;
}

/**
 * So many uses there are from now on. An older word than the last one changes
 * nothing, nor does the same one twice. What is given or taken back for it is
 * settled by the ledger, as after every other change of the allowance.
 */
export async function setAllowance(
  deps: CommandDeps,
  { allowanceId, units, sequence, trace }: SetAllowance,
): Promise<void> {
  await openAllowance(deps.orm.em.fork(), allowanceId);
  await changeStock(
    deps,
    [allowanceId],
    async (change) => {
      const { allowance } = change.offers.get(allowanceId)!;
      // An offer of this id is no allowance, whoever says so.
      if (!allowance || sequence <= allowance.sequence) return;
      change.allow(allowanceId, units, sequence);
      if (change.levelsOf(allowanceId).length === 0) change.openLevel(allowanceId, ALLOWANCE_PLACE);
    },
    { trace },
  );
}
