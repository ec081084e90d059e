import { registry } from '@marketgraph/monolith/registry';

/** Prints the SDL of the subgraphs named on the command line as JSON; loads no other. */
const names = process.argv.slice(2);
const wanted = registry.filter(({ name }) => names.includes(name));
const schemas = await Promise.all(wanted.map(async ({ name, schema }) => [name, (await schema()).sdl] as const));
process.stdout.write(JSON.stringify(Object.fromEntries(schemas)));
