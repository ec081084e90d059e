import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { toySdl } from './toy-shop.ts';

/** Composes the toy shop for the addresses its subgraphs have in this run. */
export function toySupergraph(urls: Readonly<Record<string, string>>): string {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(urls).map(([name, url]) => ({ name, url: `${url}/graphql`, typeDefs: parse(toySdl(name)) })),
  );
  if (!supergraphSdl) throw new Error(`The toy shop does not compose: ${errors?.map(String).join('\n')}`);
  return supergraphSdl;
}
