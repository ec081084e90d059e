import { readFile } from 'node:fs/promises';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { serveParent } from '../measure/serve-parent.ts';

/** Apollo's gateway behind Apollo's server, as their documentation starts them. */
process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';
const server = new ApolloServer({
  // Typed for the server interface of an older major; the structure is the same.
  gateway: new ApolloGateway({ supergraphSdl: await readFile(process.env['SUPERGRAPH_FILE'] ?? '', 'utf8') }) as never,
});
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });

serveParent({ facts: { url: url.replace(/\/$/, '') } });
