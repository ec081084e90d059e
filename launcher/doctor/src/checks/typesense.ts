import type { Check } from '../check.ts';

/** Whether Typesense says that it is well, and takes our key: the server, or each node of its cluster by itself. */
export function typesenseChecks({ url, apiKey }: { url: string; apiKey: string }): Check[] {
  const [first = '', ...others] = url.split(',').map((one) => one.trim());
  if (others.length === 0) return [checkOf('typesense', first, apiKey)];
  return [first, ...others].map((node) => checkOf(`typesense:${new URL(node).host}`, node, apiKey));
}

function checkOf(id: string, url: string, apiKey: string): Check {
  return {
    id,
    async run({ signal }) {
      const ask = (path: string) => fetch(new URL(path, url), { headers: { 'x-typesense-api-key': apiKey }, signal });
      const health = await ask('/health');
      const { ok } = (await health.json()) as { ok?: boolean };
      if (!ok) {
        const reason = `it answers ${health.status} and says that it is not well`;
        return { status: 'fail', reason, advice: 'See its log: out of memory or disk, or it still loads its data.' };
      }
      const debug = await ask('/debug');
      if (debug.status === 401 || debug.status === 403) {
        const advice = 'Set TYPESENSE_API_KEY to a key of this server.';
        return { status: 'fail', reason: 'it does not take the key', advice };
      }
      const { version = 'unknown' } = (await debug.json()) as { version?: string };
      const collections = (await (await ask('/collections')).json()) as unknown[];
      const count = Array.isArray(collections) ? collections.length : 0;
      return {
        status: 'ok',
        reason: `Typesense ${version}, ${count} collections`,
        facts: { version, collections: count },
      };
    },
  };
}
