import { writeSchemas } from './print-schema.ts';

for (const path of await writeSchemas()) process.stdout.write(`schema/${path}\n`);
