import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';

/** A place in the one file a service runs from. */
const BUNDLED = /(file:\/\/[^\s()]*\/dist\/bundle\/[\w.-]+\.js):(\d+):(\d+)/g;
/** By file; a bundle has some dozen, most of them never looked at. */
const maps = new Map<string, SourceMap | undefined>();

/**
 * The stack, with places in our own sources for those in a bundle. Its map is read when there is a first stack to tell:
 * with `--enable-source-maps` Node would read it at each start, which takes 15 MB of each service.
 */
export function withSourcePlaces(stack: string): string {
  return stack.replace(BUNDLED, (place: string, file: string, line: string, column: string) => {
    const origin = mapOf(file)?.findOrigin(Number(line), Number(column));
    if (!origin || !('fileName' in origin) || !origin.fileName) return place;
    return `${new URL(origin.fileName, file).href}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(new URL(`${file}.map`)));
  return maps.get(file);
}

/** Without a map the places of the bundle have to do. */
function readMap(url: URL): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(url, 'utf8')) as SourceMapPayload);
  } catch {
    return undefined;
  }
}
