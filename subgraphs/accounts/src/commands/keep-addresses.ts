import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { type Address, readAddress } from '../domain/address.ts';
import { readText } from '../domain/credentials.ts';
import {
  addAddress,
  type AddressRow,
  addressesOfUsers,
  clearDefault,
  removeAddress,
  saveAddress,
} from '../store/addresses.ts';
import { lockUser } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';

/**
 * Who has addresses has exactly one default for shipping and one for billing:
 * the first becomes both, another takes it over, and when it is removed the
 * newest of the rest does. All of it under the lock on the user, and the
 * database refuses a second default.
 */
export interface AddressInput {
  address: Address;
  label?: string | null;
  makeDefaultShipping?: boolean | null;
  makeDefaultBilling?: boolean | null;
}

type Deps = Pick<CommandDeps, 'orm' | 'ids' | 'clock'>;

const MAX_ADDRESSES = 50;
const MAX_LABEL = 50;

export function createAddress(deps: Deps, userId: string, input: AddressInput): Promise<Result<AddressRow>> {
  return withAddresses(deps, userId, input, async (em, known, read) => {
    if (known.length >= MAX_ADDRESSES) return reject('LIMIT_EXCEEDED', `There are ${MAX_ADDRESSES} addresses already.`);
    const isFirst = known.length === 0;
    const row: AddressRow = {
      id: deps.ids.next('adr'),
      userId,
      organizationId: null,
      label: read.label ?? null,
      isDefaultShipping: isFirst || input.makeDefaultShipping === true,
      isDefaultBilling: isFirst || input.makeDefaultBilling === true,
      address: read.address,
    };
    await clearDefaultsFor(em, row);
    await addAddress(em, { ...row, now: deps.clock.now() });
    return accept(row);
  });
}

export function updateAddress(
  deps: Deps,
  userId: string,
  { id, ...input }: AddressInput & { id: string },
): Promise<Result<AddressRow>> {
  return withAddresses(deps, userId, input, async (em, known, read) => {
    const before = known.find((candidate) => candidate.id === id);
    if (!before) return noSuchAddress();
    const row: AddressRow = {
      ...before,
      label: read.label === undefined ? before.label : read.label,
      isDefaultShipping: before.isDefaultShipping || input.makeDefaultShipping === true,
      isDefaultBilling: before.isDefaultBilling || input.makeDefaultBilling === true,
      address: read.address,
    };
    await clearDefaultsFor(em, row);
    await saveAddress(em, row);
    return accept(row);
  });
}

export function deleteAddress({ orm }: Deps, userId: string, id: string): Promise<Result<true>> {
  return inTransaction(orm, async (em): Promise<Result<true>> => {
    if (!(await lockUser(em, userId))) return noSuchAddress();
    const known = await addressesOfUsers(em, [userId]);
    const removed = known.find((candidate) => candidate.id === id);
    if (!removed) return noSuchAddress();
    await removeAddress(em, id);
    const heir = known.filter((candidate) => candidate.id !== id).at(-1);
    if (heir && (removed.isDefaultShipping || removed.isDefaultBilling)) {
      await saveAddress(em, {
        ...heir,
        isDefaultShipping: heir.isDefaultShipping || removed.isDefaultShipping,
        isDefaultBilling: heir.isDefaultBilling || removed.isDefaultBilling,
      });
    }
    return accept(true);
  });
}

async function withAddresses(
  { orm }: Deps,
  userId: string,
  input: AddressInput,
  work: (
    em: EntityManager,
    known: AddressRow[],
    read: { address: Address; label: string | null | undefined },
  ) => Promise<Result<AddressRow>>,
): Promise<Result<AddressRow>> {
  const address = readAddress(input.address);
  if (!address.ok) return address;
  const label = input.label == null ? accept(input.label) : readText(input.label, ['label'], MAX_LABEL);
  if (!label.ok) return label;
  return inTransaction(orm, async (em): Promise<Result<AddressRow>> => {
    if (!(await lockUser(em, userId))) return reject('NOT_FOUND', 'There is no such account.');
    return work(em, await addressesOfUsers(em, [userId]), { address: address.value, label: label.value });
  });
}

async function clearDefaultsFor(em: EntityManager, row: AddressRow): Promise<void> {
  if (row.isDefaultShipping) await clearDefault(em, row.userId!, 'shipping');
  if (row.isDefaultBilling) await clearDefault(em, row.userId!, 'billing');
}

function noSuchAddress() {
  return reject('NOT_FOUND', 'You have no such address.', { field: ['id'] });
}
