// cloud-init/main/quickjs.ts and the templates -> one file that QuickJS runs without any other.
import { build, type Plugin } from 'esbuild';
import { stat } from 'node:fs/promises';
import { readTemplates } from '../../cloud-init/hosts/node-templates.ts';
import { sha256OfFile } from '../cache/entry.ts';
import { inProject } from '../project/paths.ts';

/** `groundup:templates` -> the texts of cloud-init/templates. */
const templatesPlugin: Plugin = {
  name: 'templates',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^groundup:templates$/ }, ({ path }) => ({
      path,
      namespace: 'templates',
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'templates' }, () => ({
      contents: `export const templates = ${JSON.stringify(readTemplates())};`,
    }));
  },
};

/** `quickjs:os` -> `os`: the types of Node's own `os` must not be taken for QuickJS's. */
const quickjsPlugin: Plugin = {
  name: 'quickjs',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^quickjs:/ }, ({ path }) => ({
      path: path.slice('quickjs:'.length),
      external: true,
    }));
  },
};

/** Writes the agent; the same source gives the same bytes. */
export const bundleAgent = async (
  outFile: string,
): Promise<{ sizeBytes: number; sha256: string }> => {
  await build({
    entryPoints: [inProject('cloud-init/main/quickjs.ts')],
    outfile: outFile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    absWorkingDir: inProject(),
    plugins: [templatesPlugin, quickjsPlugin],
  });
  return { sizeBytes: (await stat(outFile)).size, sha256: await sha256OfFile(outFile) };
};
