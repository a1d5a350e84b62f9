// cloud-init/main/quickjs*.ts and their templates -> one file per program for QuickJS, the same bytes every time.
import { build, type Plugin } from 'esbuild';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseTemplate } from '../../cloud-init/template.ts';
import { projectRoot } from '../project/paths.ts';
import { yamlReader } from './yaml-reader.ts';

/** What the image has of the agent, by the names of its units' `ExecStart=`. */
const programs = { agent: 'cloud-init/main/quickjs.ts', ready: 'cloud-init/main/quickjs-ready.ts' };

const templates: Plugin = {
  name: 'templates',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\.mustache$/ }, async ({ path: file }) => ({
      contents: JSON.stringify(
        parseTemplate(path.basename(file, '.mustache'), await readFile(file, 'utf8')),
      ),
      loader: 'json',
    })),
};

/** Bundles the agent into `agent.mjs` and `ready.mjs` of `folder`, mode 0644. */
export const bundleAgent = async (folder: string): Promise<void> => {
  const { outputFiles } = await build({
    entryPoints: programs,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: projectRoot,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // Modules of QuickJS itself.
    external: ['os', 'std'],
    target: 'es2023',
    minify: true,
    plugins: [templates, yamlReader],
    charset: 'utf8',
    legalComments: 'eof',
    logLevel: 'silent',
    write: false,
  });
  for (const { path: file, contents } of outputFiles)
    await writeFile(file, contents, { mode: 0o644 });
};
