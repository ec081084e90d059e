import { readSupergraph } from '../../src/supergraph-file.ts';
import { readListedOperations } from '../../src/persisted/manifest.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { toyShop } from '../support/toy-shop.ts';

/** A gateway with the graph clients really see. Its subgraphs are not there: whoever asks one is not at the door any more. */
export async function startCheckedInGraph(
  options: Omit<Parameters<typeof startTestGateway>[0], 'shop'>,
): Promise<TestGateway> {
  return startTestGateway({
    ...options,
    shop: { ...toyShop(), supergraphSdl: await readSupergraph() },
    listedOperations: await readListedOperations(),
  });
}
