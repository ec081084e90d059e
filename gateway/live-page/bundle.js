// Makes the one file of the shop-floor page. Plain JavaScript: the build runs it before anything is compiled.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The page as one HTML text, its style and script within. */
export async function bundleLivePage() {
  const [html, css, script] = await Promise.all([
    readFile(join(import.meta.dirname, 'page.html'), 'utf8'),
    readFile(join(import.meta.dirname, 'page.css'), 'utf8'),
    bundled({ entryPoints: [join(import.meta.dirname, 'src', 'main.ts')], format: 'iife', conditions: ['source'] }),
  ]);
  const style = await bundled({ stdin: { contents: css, loader: 'css' } });
  // Functions, so that a dollar sign in what is put in means itself.
  return html
    .replace(/<style>.*?<\/style>/s, () => `<style>${style}</style>`)
    .replace(/<script>.*?<\/script>/s, () => `<script>${script}</script>`);
}

async function bundled(options) {
  const { outputFiles } = await build({
    ...options,
    bundle: true,
    minify: true,
    write: false,
    // What browsers of the last three years run.
    target: ['chrome111', 'firefox113', 'safari16.4'],
    legalComments: 'none',
  });
  return outputFiles[0].text.trim();
}
