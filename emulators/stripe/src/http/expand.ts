import { invalidRequest } from '../api-error.ts';
import type { AnyObject, ObjectType } from '../store/objects.ts';
import type { World } from '../world.ts';
import { seconds } from '../world.ts';

/** Which fields hold an id that can be asked for as an object, and of what kind it is. */
const expandable: Partial<Record<ObjectType, Record<string, ObjectType[]>>> = {
  payment_intent: { customer: ['customer'], latest_charge: ['charge'], payment_method: ['payment_method'] },
  charge: {
    balance_transaction: ['balance_transaction'],
    customer: ['customer'],
    payment_intent: ['payment_intent'],
    source_transfer: ['transfer'],
  },
  refund: {
    balance_transaction: ['balance_transaction'],
    charge: ['charge'],
    failure_balance_transaction: ['balance_transaction'],
    payment_intent: ['payment_intent'],
  },
  transfer: {
    balance_transaction: ['balance_transaction'],
    destination: ['account'],
    destination_payment: ['charge'],
    source_transaction: ['charge'],
  },
  transfer_reversal: {
    balance_transaction: ['balance_transaction'],
    destination_payment_refund: ['refund'],
    transfer: ['transfer'],
  },
  payout: {
    balance_transaction: ['balance_transaction'],
    destination: ['bank_account'],
    failure_balance_transaction: ['balance_transaction'],
  },
  balance_transaction: {
    source: ['charge', 'refund', 'transfer', 'transfer_reversal', 'payout', 'dispute'],
  },
  payment_method: { customer: ['customer'] },
  dispute: { charge: ['charge'], payment_intent: ['payment_intent'] },
};

const MAX_DEPTH = 4;

/**
 * Turns a stored object into the answer: fields that depend on the time of reading are filled in, and the
 * fields named in `expand` are replaced by the objects they point to.
 */
export function present(world: World, value: unknown, expand: string[] = []): unknown {
  const answer = structuredClone(value);
  refresh(world, answer);
  for (const path of expand) {
    const parts = path.split('.');
    if (parts.length > MAX_DEPTH) {
      throw invalidRequest(`You cannot expand more than ${MAX_DEPTH} levels of a property.`, { param: 'expand' });
    }
    expandPath(world, answer, parts, path);
  }
  return answer;
}

function expandPath(world: World, value: unknown, [field, ...rest]: string[], path: string): void {
  if (field === undefined || value === null || typeof value !== 'object') return;
  const holder = value as Record<string, unknown>;
  if (holder['object'] === 'list' || holder['object'] === 'search_result') {
    if (field !== 'data') throw cannotExpand(path);
    for (const item of holder['data'] as unknown[]) expandPath(world, item, rest, path);
    return;
  }
  const kinds = expandable[holder['object'] as ObjectType]?.[field];
  const current = holder[field];
  if (kinds && typeof current === 'string') {
    const found = kinds.map((kind) => world.objects.findAnywhere(kind, current)?.body).find(Boolean);
    if (found) {
      holder[field] = found;
      refresh(world, found);
    }
  } else if (!kinds && (rest.length === 0 || typeof current !== 'object')) {
    throw cannotExpand(path);
  }
  if (rest.length > 0) expandPath(world, holder[field], rest, path);
}

function cannotExpand(path: string) {
  return invalidRequest(
    `This property cannot be expanded (${path.slice(0, 100)}). You may want to try expanding a different property.`,
    { param: 'expand' },
  );
}

/** Two fields change without anybody changing the object: whether money is available, and what is still to be sent. */
function refresh(world: World, value: unknown): void {
  if (value === null || typeof value !== 'object') return;
  const object = value as AnyObject | { object: 'list' | 'search_result'; data: unknown[] };
  if (object.object === 'list' || object.object === 'search_result') {
    for (const item of object.data) refresh(world, item);
  } else if (object.object === 'balance_transaction') {
    object.status = object.available_on <= seconds(world.nowMs()) ? 'available' : 'pending';
  } else if (object.object === 'event') {
    object.pending_webhooks = world.deliveries.pendingFor(object.id);
  }
}
