// js-yaml as one file -> what `load` needs of it. The rest, a writer and three schemas, is a tenth of what
// QuickJS compiles before the agent begins; esbuild keeps it, as it can't know that a constructor has no
// side effects. Can go when js-yaml says so of its own: https://github.com/nodeca/js-yaml
import type { Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';

/** Each must be found: another version of js-yaml may be made differently. */
const cuts: readonly [found: RegExp, replacement: string][] = [
  [/^\/\/#region src\/ast\/[^]*/m, 'export { load };\n'],
  [/^var (?:JSON|YAML11|DUMP)_SCHEMA = [^]*?^[\]}]\);$/gm, ''],
  [/^(var \w+ = )(?=define\w+Tag\()/gm, '$1/* @__PURE__ */ '],
];

export const readerOf = (text: string): string =>
  cuts.reduce((rest, [found, replacement]) => {
    const cut = rest.replace(found, replacement);
    if (cut === rest) throw new Error(`js-yaml has nothing like ${found.source} any more`);
    return cut;
  }, text);

export const yamlReader: Plugin = {
  name: 'yaml-reader',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\/js-yaml\/dist\/js-yaml\.mjs$/ }, async ({ path }) => ({
      contents: readerOf(await readFile(path, 'utf8')),
      loader: 'js',
    })),
};
