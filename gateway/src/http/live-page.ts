import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import helmet from 'helmet';
import { createPage, type Page } from './page.ts';

/** Where the build puts it, beside the compiled gateway. */
const BUILT = join(import.meta.dirname, '..', 'live-page.html');

/**
 * The shop-floor page. Its policy allows the script and the style that are in it, by their hashes, calls of this origin,
 * and nothing else; what would read text as HTML does not work in it at all.
 */
export function createLivePage(readHtml: () => Promise<string> = livePageHtml): Page {
  return createPage(async () => {
    const html = await readHtml();
    const headers = helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: hashesOf(html, 'script'),
          styleSrc: hashesOf(html, 'style'),
          imgSrc: ['data:'],
          connectSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: ["'none'"],
        },
      },
    });
    return { html, headers };
  });
}

function hashesOf(html: string, tag: 'script' | 'style'): string[] {
  const inline = html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'));
  return [...inline].map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
}

/** From the build; where nothing was built it is bundled from its sources. */
async function livePageHtml(): Promise<string> {
  const built = await readFile(BUILT, 'utf8').catch(() => undefined);
  if (built !== undefined) return built;
  const { bundleLivePage } = await import('../../live-page/bundle.js');
  return bundleLivePage();
}
