import { accept, type Result, reject } from '@marketgraph/platform/core';
import { sourcePage } from '../clients/product-source.ts';
import { numberOf } from '../clients/search-index.ts';
import { allProducts, markDirty } from '../store/source-model.ts';
import * as versions from '../store/versions.ts';
import type { CommandDeps } from './deps.ts';
import { flushProducts } from './flush-products.ts';
import { checkUnlisted, takeOver } from './take-over-sources.ts';

/** After so many failures the sources are taken as last known: the new version is not worse than the old one. */
const MAX_FAILURES = 12;
const CHECK_BATCH = 50;

/** Begins a new version beside the live one; `advanceRebuild` does the work and makes it live at the end. */
export async function startRebuild(deps: CommandDeps, reason: string): Promise<Result<string>> {
  const { redis, index } = deps;
  const highest = Math.max(0, ...(await index.versions()).map(({ version }) => numberOf(version)));
  const version = `products_v${highest + 1}`;
  if (!(await versions.beginRebuild(redis, newJob(version, reason)))) {
    return reject('CONFLICT', 'The index is being rebuilt already.');
  }
  deps.nudge();
  return accept(version);
}

/** Reads all sources into the version that is live; needed once, and after the read model was lost. */
export async function startSeeding(deps: CommandDeps, live: string): Promise<void> {
  await versions.beginRebuild(deps.redis, newJob(live, 'the read model is empty'));
}

/** One step of the rebuild in progress; false when there is none or it must wait. May run again after a crash. */
export async function advanceRebuild(deps: CommandDeps): Promise<boolean> {
  const { redis, log } = deps;
  const job = await versions.rebuildInProgress(redis);
  if (!job || job.notBefore > Date.now()) return false;
  try {
    await step(deps, job);
  } catch (error) {
    const failures = job.failures + 1;
    log.warn({ err: error, version: job.version, phase: job.phase, failures }, 'rebuild step failed');
    const waitMs = Math.min(100 * 2 ** failures, 10_000);
    if (job.phase !== 'filling' && failures >= MAX_FAILURES) await beginFilling(deps, { ...job, failures: 0 });
    else await versions.saveRebuild(redis, { ...job, failures, notBefore: Date.now() + waitMs });
    return false;
  }
  return true;
}

async function step(deps: CommandDeps, job: versions.RebuildJob): Promise<void> {
  const { redis, peers } = deps;
  if (job.phase === 'sources') {
    const { products, next } = await sourcePage(peers, job.after);
    await takeOver(deps, products);
    await versions.markSeen(
      redis,
      job.version,
      products.map(({ productId }) => productId),
    );
    await versions.saveRebuild(redis, { ...job, failures: 0, after: next, phase: next ? 'sources' : 'checking' });
    return;
  }
  if (job.phase === 'checking') {
    for await (const ids of allProducts(redis)) {
      const unseen = await versions.notSeen(redis, job.version, ids);
      for (let at = 0; at < unseen.length; at += CHECK_BATCH) {
        await checkUnlisted(deps, unseen.slice(at, at + CHECK_BATCH));
      }
    }
    await versions.markSeeded(redis);
    await beginFilling(deps, job);
    return;
  }
  if ((await flushProducts(deps, job.version)) === 0) await finish(deps, job);
}

/** From here on every change reaches the new version too; what was there before is put on its list. */
async function beginFilling(deps: CommandDeps, job: versions.RebuildJob): Promise<void> {
  const { redis, index, defaultCurrency } = deps;
  await index.create(job.version, [defaultCurrency]);
  await versions.trackVersion(redis, job.version);
  for await (const ids of allProducts(redis)) await markDirty(redis, job.version, ids);
  await versions.saveRebuild(redis, { ...job, failures: 0, phase: 'filling' });
}

/** The version that was live stays to go back to; older ones make room. */
async function finish(deps: CommandDeps, job: versions.RebuildJob): Promise<void> {
  const { redis, index, log } = deps;
  const before = await index.live();
  await index.goLive(job.version);
  await versions.endRebuild(redis, job.version);
  log.info({ version: job.version, reason: job.reason }, 'index version is live');
  if (before === job.version) return;
  for (const { version } of await index.versions()) {
    if (version === job.version || version === before) continue;
    await versions.forgetVersion(redis, version);
    await index.drop(version);
  }
}

function newJob(version: string, reason: string): versions.RebuildJob {
  return { version, reason, phase: 'sources', after: null, failures: 0, notBefore: 0 };
}
