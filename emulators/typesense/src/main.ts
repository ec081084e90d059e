import { startTypesenseEmulator } from './emulator.ts';

const { env } = process;
const port = Number(env['TYPESENSE_EMULATOR_PORT'] ?? '8108');
const apiKey = env['TYPESENSE_EMULATOR_API_KEY'] ?? '';
const dataFile = env['TYPESENSE_EMULATOR_DATA'];

if (!Number.isInteger(port) || port < 0 || port > 65_535) exit('TYPESENSE_EMULATOR_PORT must be a port number.');
if (apiKey === '') exit('TYPESENSE_EMULATOR_API_KEY must be set.');

try {
  const emulator = await startTypesenseEmulator({
    port,
    apiKey,
    ...(dataFile === undefined || dataFile === '' ? {} : { dataFile }),
    log({ error, method, path }) {
      if (error !== undefined) console.error(`${method} ${path} failed`, error);
    },
  });
  console.log(`Typesense emulator (not the real server) listening on ${emulator.url}`);
  const stop = (): void => void emulator.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (cause) {
  exit(`The Typesense emulator could not start: ${cause instanceof Error ? cause.message : String(cause)}`);
}

function exit(message: string): never {
  console.error(message);
  process.exit(1);
}
