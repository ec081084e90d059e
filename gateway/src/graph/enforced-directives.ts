import { DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES, type Supergraph } from '@apollo/federation-internals';

/** Directives by which a subgraph asks the gateway to keep somebody out. Here subgraphs keep them out themselves. */
const UNENFORCED = new Set(['authenticated', 'requiresScopes', 'policy', 'fromContext', 'context']);

/**
 * Throws for a supergraph that relies on the gateway for something it does not do. A directive
 * that says who may see a field and is not obeyed would be worse than none.
 */
export function assertEnforced({ schema }: Supergraph): void {
  const problems = new Set<string>();
  for (const { url, purpose } of schema.coreFeatures?.allFeatures() ?? []) {
    const isNeeded = purpose === 'SECURITY' || purpose === 'EXECUTION' || UNENFORCED.has(url.name);
    if (isNeeded && !DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES.has(url.base.toString()))
      problems.add(`@${url.name} (${url})`);
  }
  for (const { name } of schema.directives()) {
    if (UNENFORCED.has(name) && ![...problems].some((problem) => problem.startsWith(`@${name} `)))
      problems.add(`@${name}`);
  }
  if (problems.size === 0) return;
  throw new Error(
    `The supergraph relies on ${[...problems].join(', ')}, which this gateway does not enforce: ` +
      'authorise in the subgraph that owns the data, and remove it.',
  );
}
