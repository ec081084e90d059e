import type { SubgraphClient } from '@marketgraph/platform/serve';

/** Asks accounts whether there is such an organization. Fails when accounts does not answer. */
export interface OrganizationDirectory {
  isKnown(organizationId: string): Promise<boolean>;
}

const QUERY = /* GraphQL */ `
  query CatalogOrganization($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on Organization {
        id
      }
    }
  }
`;

interface Answer {
  _entities: ({ id: string } | null)[];
}

export function accountsOrganizationDirectory(peers: SubgraphClient): OrganizationDirectory {
  return {
    async isKnown(organizationId) {
      const { _entities: entities } = await peers.call<Answer>('accounts', QUERY, {
        representations: [{ __typename: 'Organization', id: organizationId }],
      });
      return entities[0]?.id === organizationId;
    },
  };
}
