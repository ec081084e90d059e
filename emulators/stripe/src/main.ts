import { readConfig } from './config.ts';
import { startStripeEmulator } from './emulator.ts';

/** Process entry: prints one line of JSON when it serves, stops on SIGINT, SIGTERM or when its parent is gone. */
async function main(): Promise<void> {
  const emulator = await startStripeEmulator({
    ...readConfig(process.env),
    log: (message, detail) => process.stderr.write(`${JSON.stringify({ message, ...detail })}\n`),
  });
  const parent = process.ppid;
  const stop = () => {
    clearInterval(watching);
    void emulator.stop().then(() => process.exit(0));
  };
  // A launcher that was killed cannot say goodbye; its child notices and goes too.
  const watching = setInterval(() => {
    if (process.ppid !== parent) stop();
  }, 1_000);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // Only now: who reads this line may ask the process to stop at once.
  process.stdout.write(`${JSON.stringify({ emulator: 'payments', url: emulator.url, note: 'no real money' })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
