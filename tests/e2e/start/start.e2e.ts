import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@marketgraph/platform/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../../support/raw-graph.ts';
import { pathWithout, processesOf, runStart, type StartedCommand } from '../../support/started-command.ts';

const ACCOUNT = { email: 'stays@shop.example', password: 'a long enough secret' };
const REGISTER = `mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }`;
const LOGIN = `mutation($input: LoginInput!) { login(input: $input) { user { id } userErrors { code } } }`;

const aFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'marketgraph-start-'));
const removed = (folder: string) => rm(folder, { recursive: true, force: true, maxRetries: 5 });

/** Ends it if it still runs, and waits until nothing of it is left. */
async function gone(command: StartedCommand | undefined, dataDir: string): Promise<void> {
  command?.kill('SIGKILL');
  await until(() => processesOf(dataDir).length === 0, { timeoutMs: 20_000, what: 'the end of all processes' });
}

describe.each([
  { shape: 'monolith', args: ['--no-demo'] },
  { shape: 'processes', args: ['--no-demo', '--processes'] },
])('the start command, $shape', ({ args }) => {
  let dataDir: string;
  let command: StartedCommand | undefined;
  let userId: unknown;

  const started = async (): Promise<{ command: StartedCommand; url: string }> => {
    const running = (command = runStart(args, { PORT: '0', DATA_DIR: dataDir }));
    await running.running();
    const url = /Graph\s+(http:\/\/127\.0\.0\.1:\d+)\/graphql/.exec(running.output())?.[1];
    expect(url).toBeDefined();
    return { command: running, url: url! };
  };
  const signedIn = async (url: string): Promise<unknown> => {
    const { data } = await ask<{ login: { user: { id: string } | null } }>(url, LOGIN, {
      variables: { input: ACCOUNT },
    });
    return data?.login.user?.id;
  };

  beforeAll(async () => {
    dataDir = await aFolder();
  });
  afterAll(async () => {
    await gone(command, dataDir);
    await removed(dataDir);
  });

  it('ends with a banner that says where everything is, and one Ctrl-C stops all of it', async () => {
    const { command: running, url } = await started();
    const banner = running.output();
    expect(banner).toContain('Marketgraph is running');
    expect(banner).toContain(`${url.replace('http', 'ws')}/graphql`);
    expect(banner).toContain(`${url}/health`);
    expect(banner).toMatch(/Operator\s+\S+@\S+\s+password \S+/);
    for (const path of ['/health', '/ready']) expect((await fetch(`${url}${path}`)).status).toBe(200);

    const input = { ...ACCOUNT, displayName: 'Stays', accountType: 'BUYER' };
    const { data } = await ask<{ register: { user: { id: string } } }>(url, REGISTER, { variables: { input } });
    userId = data!.register.user.id;

    expect(processesOf(dataDir).length).toBeGreaterThan(4);
    running.kill('SIGINT');
    expect(await running.ended()).toEqual({ code: 0, signal: null });
    expect(processesOf(dataDir)).toEqual([]);
    await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
  });

  it('finds everything again at the next start, and after a kill without warning at the one after it', async () => {
    const second = await started();
    expect(await signedIn(second.url)).toBe(userId);
    second.command.kill('SIGKILL');
    await second.command.ended();

    const third = await started();
    expect(await signedIn(third.url)).toBe(userId);
    third.command.kill('SIGTERM');
    expect(await third.command.ended()).toEqual({ code: 0, signal: null });
    await until(() => processesOf(dataDir).length === 0, { what: 'the end of what the killed one had started' });
  });
});

describe('a start that cannot be', () => {
  let folder: string;
  let dataDir: string;
  let command: StartedCommand | undefined;

  beforeEach(async () => {
    folder = await aFolder();
    dataDir = join(folder, 'data');
  });
  afterEach(async () => {
    await gone(command, folder);
    await removed(folder);
  });

  /** How it ended, what it said, and what it left behind. */
  async function refusal(env: Record<string, string>, args = ['--no-demo']) {
    command = runStart(args, { DATA_DIR: dataDir, PORT: '0', ...env });
    const { code } = await command.ended();
    const [, said = command.output()] = command.output().split('Could not start. ');
    return { code, said: said.trim(), left: processesOf(folder) };
  }
  /** One line, not a stack. */
  const saying = (sentence: RegExp) => ({ code: 1, said: expect.stringMatching(sentence) as string, left: [] });

  it('because the port is taken says which, and what to do', async () => {
    const occupant = await new Promise<Server>((done) => {
      const server = createServer().listen(0, '127.0.0.1', () => done(server));
    });
    try {
      const { port } = occupant.address() as { port: number };
      const sentence = new RegExp(`^Port ${port}, wanted for the gateway \\(PORT\\), is already in use: .*port\\.$`);
      expect(await refusal({ PORT: String(port) })).toEqual(saying(sentence));
    } finally {
      await new Promise((done) => {
        occupant.close(done);
      });
    }
  });

  it.each(['http', '-1', '70000'])('because PORT is "%s" says what it must be', async (port) => {
    expect(await refusal({ PORT: port })).toEqual(saying(/^PORT must be a number from 0 to 65535, not ".*"\.$/));
  });

  it('because the data folder is of another version says both versions, and what to do', async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'version'), '0\n');
    const sentence = /^The data folder .* was written by version 0 and this is version 1: start with --fresh .*\.$/;
    expect(await refusal({})).toEqual(saying(sentence));
  });

  it('because another one runs on the data folder names it', async () => {
    const first = runStart(['--no-demo'], { DATA_DIR: dataDir, PORT: '0' });
    try {
      await first.running();
      const second = runStart(['--no-demo'], { DATA_DIR: dataDir, PORT: '0' });
      expect((await second.ended()).code).toBe(1);
      expect(second.output()).toMatch(new RegExp(`is in use by process ${first.pid}: stop that one first`));
    } finally {
      first.kill('SIGINT');
      await first.ended();
    }
  });

  it('because there is neither redis-server nor apt says what to install or set', async () => {
    const programs = join(folder, 'bin');
    await mkdir(programs);
    const path = pathWithout(programs, ['redis-server', 'valkey-server', 'apt', 'apt-get', 'apt-cache', 'dpkg-deb']);
    const sentence =
      /^There is no redis-server 7 or newer .* no apt to get it with: install redis-server, or set .*\.$/;
    const env = { PATH: path, MARKETGRAPH_CACHE_DIR: join(folder, 'cache') };
    expect(await refusal(env)).toEqual(saying(sentence));
  });

  it('because an option is unknown says which', async () => {
    expect(await refusal({}, ['--frehs'])).toEqual(saying(/--frehs.*Try --help\.$/s));
  });
});
