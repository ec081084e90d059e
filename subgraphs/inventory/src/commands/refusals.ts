import { inRounds } from '@marketgraph/platform/core';
import type { Shortage } from '../domain/reservation-decisions.ts';
import { type RefusalFacts, readRefusalFacts } from '../store/refusal-facts.ts';
import type { ReservationRow } from '../store/reservations.ts';
import type { CommandParts } from './deps.ts';
import { unlessFull } from './unless-full.ts';

export interface RefusedRequest {
  requestKey: string;
  wanted: ReadonlyMap<string, number>;
}

export interface Refusal {
  /** It was decided before. */
  same?: ReservationRow;
  areAllKnown: boolean;
  shortages: Shortage[];
}

/** Why a reservation is short that the counter refused: one look at the database for all who are refused at the same time. */
export interface Refusals {
  ask(request: RefusedRequest): Promise<Refusal>;
}

/** Of one statement: the losers of a sale are the crowd. */
const MAX_REQUESTS = 256;
const MAX_OFFERS = 1_000;
const MAX_WAITING = 10_000;

export function refusalsOf({ orm }: Pick<CommandParts, 'orm'>): Refusals {
  const ask = inRounds<RefusedRequest, Refusal>({
    ...{ maxItems: MAX_REQUESTS, maxWeight: MAX_OFFERS, maxWaiting: MAX_WAITING, lanes: 1 },
    weightOf: ({ wanted }) => wanted.size,
    async decide(requests) {
      const facts = await readRefusalFacts(orm.em.fork(), {
        requestKeys: requests.map(({ requestKey }) => requestKey),
        offerIds: requests.flatMap(({ wanted }) => [...wanted.keys()]),
      });
      return requests.map((request) => ({ status: 'fulfilled', value: toRefusal(facts, request) }));
    },
  });
  return { ask: (request) => unlessFull(() => ask(request)) };
}

function toRefusal({ reservations, units }: RefusalFacts, { requestKey, wanted }: RefusedRequest): Refusal {
  const all = [...wanted].map(([offerId, requested]) => ({ offerId, requested, available: units.get(offerId) ?? 0 }));
  const real = all.filter(({ requested, available }) => available < requested);
  // Freed between the refusal and this look: the counter's word stands for this request, with what it saw.
  const seen = all.map((each) => ({ ...each, available: Math.min(each.available, each.requested - 1) }));
  return {
    same: reservations.get(requestKey),
    areAllKnown: all.every(({ offerId }) => units.has(offerId)),
    shortages: real.length > 0 ? real : seen,
  };
}
