import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../../platform/src/testing/sources.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const START_TIMEOUT_MS = 15_000;

export type EmulatorProcess = { url: string; child: ChildProcess; kill(signal: NodeJS.Signals): Promise<void> };

/** The emulator as the launcher runs it: a process of its own. Answers once it listens. */
export async function startEmulatorProcess(input: { dataFile: string; apiKey: string }): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, ['--conditions=source', '--import', SOURCES, MAIN], {
    env: {
      ...process.env,
      TYPESENSE_EMULATOR_PORT: '0',
      TYPESENSE_EMULATOR_DATA: input.dataFile,
      TYPESENSE_EMULATOR_API_KEY: input.apiKey,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const url = await listening(child);
  return {
    url,
    child,
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

async function listening(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(
      () => fail(new Error(`no address within ${START_TIMEOUT_MS} ms: ${output}`)),
      START_TIMEOUT_MS,
    );
    const fail = (error: Error): void => {
      clearTimeout(timeout);
      child.kill('SIGKILL');
      reject(error);
    };
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /listening on (\S+)/.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(timeout);
      resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => fail(new Error(`the emulator ended with code ${code}: ${output}`)));
  });
}
