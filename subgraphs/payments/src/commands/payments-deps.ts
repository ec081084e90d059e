import type { Clock, Ids, OneByOne } from '@marketgraph/platform/core';
import type { Database } from '@marketgraph/platform/postgres';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { PaymentProvider } from '../clients/provider.ts';
import type { PaymentsCounts } from '../counts.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import type { CaptureOutcome } from './capture-at-provider.ts';
import type { EventKeeping } from './keep-events.ts';
import type { SingleFlight } from '@marketgraph/platform/core';

/** What the commands of this service work with. */
export interface PaymentsDeps {
  orm: Database;
  provider: PaymentProvider;
  ids: Ids;
  clock: Clock;
  log: Logger;
  counts: PaymentsCounts;
  /** Basis points of tax the platform owes on its own commission. */
  commissionTaxRate: number;
  /** Where the provider sends a vendor back to. */
  vendorPageUrl: string;
  /** Within this process one call at the provider per payment; between processes its idempotency keys do the same. */
  creating: SingleFlight<PaymentRow>;
  capturing: SingleFlight<CaptureOutcome>;
  operating: SingleFlight<void>;
  /** Looks of one payment at the provider follow one another: what one has found, the next may not have to ask for. */
  looking: OneByOne;
  /** What the provider tells at the same time is kept at once. */
  keeping: EventKeeping;
}

/** Who asks for something that moves money, and under which idempotency key. */
export interface Caller {
  principal: string;
  idempotencyKey: string;
}
