import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { VendorState } from '../domain/vendor.ts';

/** Asks accounts itself, for a vendor whose approval has not arrived here as an event yet. */
export interface VendorDirectory {
  find(vendorId: string): Promise<Pick<VendorState, 'status' | 'kycStatus'> | null>;
}

const QUERY = /* GraphQL */ `
  query CatalogVendor($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on Vendor {
        id
        status
        kycStatus
      }
    }
  }
`;

interface Answer {
  _entities: ({ id: string; status: string; kycStatus: string } | null)[];
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
