import type { ServiceProcess } from '@marketgraph/launcher/processes';
import type { CrashPoint } from './crash-points.ts';

const LOOK_MS = 250;

/**
 * What happens while a service dies at a point and is brought back; afterwards it
 * runs without any. Says whether it came by the point at all, and how long after it was back everything had happened.
 */
export async function dyingAt<Result>(
  service: ServiceProcess,
  { point, nth = 1 }: CrashPoint,
  happen: () => Promise<Result>,
): Promise<{ crashed: boolean; result: Result; endedAfterMs: number }> {
  await service.kill();
  await service.restart({ NODE_ENV: 'test', CRASH_AT: `${point}:${nth}` });
  let revived: Promise<void> | undefined;
  let backAt = Infinity;
  const nurse = setInterval(() => {
    if (!service.isRunning) revived ??= service.restart().then(() => void (backAt = performance.now()));
  }, LOOK_MS);
  try {
    const result = await happen();
    return { crashed: revived !== undefined, result, endedAfterMs: Math.max(performance.now() - backAt, 0) };
  } finally {
    clearInterval(nurse);
    if (!revived) {
      await service.kill();
      revived = service.restart();
    }
    await revived;
  }
}
