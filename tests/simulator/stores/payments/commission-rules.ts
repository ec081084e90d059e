import type * as real from '../../../../subgraphs/payments/src/store/commission-rules.ts';
import { statement } from '../../world/memory-orm.ts';

export * from '../../../../subgraphs/payments/src/store/commission-rules.ts';

/** A schedule has none: the default rate applies. */
export const rulesFor: typeof real.rulesFor = (em) => statement(em, () => []);
