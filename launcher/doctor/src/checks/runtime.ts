import type { Check } from '../check.ts';

/** What `package.json` of the product asks of a production process. */
const OLDEST_NODE = [22, 17] as const;

/** What this command itself runs on, which is what the services of this machine run on. */
export function runtimeCheck(version: string = process.versions.node): Check {
  return {
    id: 'node',
    async run() {
      const [major = 0, minor = 0] = version.split('.').map(Number);
      const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
      const facts = { version };
      if (!isOld) return { status: 'ok', reason: `Node.js ${version}`, facts };
      const reason = `Node.js ${version} is older than ${OLDEST_NODE.join('.')}`;
      return { status: 'warn', reason, advice: 'Run it with pnpm, which brings its own.', facts };
    },
  };
}
