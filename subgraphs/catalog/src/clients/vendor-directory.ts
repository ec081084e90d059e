import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { VendorState } from '../domain/vendor.ts';

/** Asks accounts itself, for a vendor whose approval has not arrived here as an event yet. */
export interface VendorDirectory {
  find(vendorId: string): Promise<VendorStatement | null>;
}

/** How a vendor stands, as accounts says it; the version is the sequence of the event that tells the same. */
export type VendorStatement = Omit<VendorState, 'rating'> & { version: number };

const QUERY = /* GraphQL */ `
  query CatalogVendor($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on Vendor {
        id
        status
        kycStatus
        version
      }
    }
  }
`;

interface Answer {
  _entities: (VendorStatement | null)[];
}

export function accountsVendorDirectory(peers: SubgraphClient): VendorDirectory {
  return {
    async find(vendorId) {
      const { _entities: entities } = await peers.call<Answer>('accounts', QUERY, {
        representations: [{ __typename: 'Vendor', id: vendorId }],
      });
      return entities[0] ?? null;
    },
  };
}
