import { writeManifest } from './operations-manifest.ts';

await writeManifest();
