import { existsSync, readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { plantIn } from './planted-bugs.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Files that have a model, by the folder it is in. */
const STORE =
  /^(?:subgraphs\/(?<service>orders|payments|inventory)\/src\/store|platform\/src\/(?<part>postgres))\/(?<file>[\w-]+\.ts)$/;

/**
 * Lets the services' own commands run here as they are: whoever imports one of
 * their stores gets the model of it in `stores/` instead, where there is one.
 * The model itself reaches the real file, and takes from it what it does not replace.
 * A planted bug changes the source on its way in, and nowhere else.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context);
    if (!found.url.startsWith('file:') || context.parentURL === undefined) return found;
    const { service, part, file } = STORE.exec(relative(ROOT, fileURLToPath(found.url)))?.groups ?? {};
    const folder = service ?? part;
    if (folder === undefined || file === undefined) return found;
    const model = join(import.meta.dirname, 'stores', folder, file);
    if (context.parentURL === pathToFileURL(model).href || !existsSync(model)) return found;
    return { ...found, url: pathToFileURL(model).href };
  },
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
    const path = fileURLToPath(url);
    const source = plantIn(relative(ROOT, path), readFileSync(path, 'utf8'));
    return { format: 'module', source: stripTypeScriptTypes(source, { mode: 'transform' }), shortCircuit: true };
  },
});
