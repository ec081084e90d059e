import helmet from 'helmet';
import { createPage, type Page } from './page.ts';
import type { SampleOperation } from './sample-operations.ts';

/** So many of the sample operations open as tabs of the first visit. */
const MAX_TABS = 20;

/**
 * GraphiQL with everything inlined: one page, no address but our own, so it
 * works without a network. Its scripts are inline and its editor's workers are
 * blobs; that is what its own content policy allows, and only on this page.
 */
export function createExplorer(readSamples: () => Promise<readonly SampleOperation[]>): Page {
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", "'unsafe-inline'", "'unsafe-eval'", 'blob:'],
        workerSrc: ["'self'", 'blob:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        fontSrc: ["'self'", 'data:'],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'", 'ws:', 'wss:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
  return createPage(async () => ({ html: await explorerHtml(readSamples), headers }));
}

async function explorerHtml(readSamples: () => Promise<readonly SampleOperation[]>): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const tabs = (await readSamples()).slice(0, MAX_TABS).map(({ text, variables }) => ({
    query: text,
    variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
  }));
  return renderGraphiQL({
    title: 'Marketgraph',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    favicon: 'data:,',
    ...(tabs.length > 0 ? { defaultTabs: tabs, defaultQuery: tabs[0]!.query } : {}),
  });
}
