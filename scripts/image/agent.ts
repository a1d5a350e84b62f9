// cloud-init/main/quickjs.ts and its templates -> one file for QuickJS, the same bytes every time.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { projectRoot } from '../project/paths.ts';

export interface AgentBundle {
  sizeBytes: number;
  /** Hex. */
  sha256: string;
}

/** Bundles the first-boot agent into `file`, mode 0644. */
export const bundleAgent = async (file: string): Promise<AgentBundle> => {
  const { outputFiles } = await build({
    entryPoints: ['cloud-init/main/quickjs.ts'],
    absWorkingDir: projectRoot,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // Modules of QuickJS itself.
    external: ['os', 'std'],
    target: 'es2023',
    minify: true,
    loader: { '.mustache': 'text' },
    charset: 'utf8',
    legalComments: 'eof',
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild made no file');
  await writeFile(file, output.contents, { mode: 0o644 });
  const sha256 = createHash('sha256').update(output.contents).digest('hex');
  return { sizeBytes: output.contents.length, sha256 };
};
