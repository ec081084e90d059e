import { type EmulatorUser, startMongoEmulator } from './emulator.ts';

/** Process entry: configured by environment, one line when ready, stops on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const { MONGO_EMULATOR_PORT, MONGO_EMULATOR_DATA, MONGO_EMULATOR_USERS, MONGO_EMULATOR_HOST } = process.env;
  const emulator = await startMongoEmulator({
    port: portOf(MONGO_EMULATOR_PORT),
    host: MONGO_EMULATOR_HOST || undefined,
    dataFile: MONGO_EMULATOR_DATA || undefined,
    users: usersOf(MONGO_EMULATOR_USERS),
    log: (message, details) => console.error(JSON.stringify({ message, ...details })),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void emulator.stop().then(() => process.exit(0));
    });
  }
  console.log(
    JSON.stringify({
      message: 'mongodb emulator ready (not a MongoDB server)',
      port: emulator.port,
      url: emulator.url,
    }),
  );
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? 0);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new TypeError(`MONGO_EMULATOR_PORT must be a port number, not '${text}'`);
}

/** `[{"username": "...", "password": "...", "databases": ["..."]}]` */
function usersOf(text: string | undefined): EmulatorUser[] {
  if (!text) return [];
  const list: unknown = JSON.parse(text);
  if (Array.isArray(list) && list.every(isUser)) return list;
  throw new TypeError('MONGO_EMULATOR_USERS must be a JSON array of { username, password, databases }');
}

function isUser(value: unknown): value is EmulatorUser {
  if (typeof value !== 'object' || value === null) return false;
  const { username, password, databases } = value as Record<string, unknown>;
  const isNamed = typeof username === 'string' && typeof password === 'string';
  return isNamed && Array.isArray(databases) && databases.every((name) => typeof name === 'string');
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
