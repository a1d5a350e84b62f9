// images/rootfs + provision steps + binaries + agent + settings -> one tar whose bytes depend on
// nothing else. What Packer, and later EC2 Image Builder, runs on the build machine.
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, keyOf } from '../cache/entry.ts';
import { inProject } from '../project/paths.ts';
import { runTool } from '../project/tools.ts';
import type { Steps } from '../terminal/steps.ts';
import { bundleAgent } from './agent.ts';
import { hashTree } from './inputs.ts';
import { stagePrograms, type ProgramsImage } from './programs-image.ts';
import { extraPackages, nodeSettings, type Settings } from './settings.ts';

export interface Bundle {
  /** Folder that holds `bundle.tar` and nothing else: Packer serves it. */
  folder: string;
  sha256: string;
  sizeBytes: number;
  cached: boolean;
}

/** One archive for `ctr images import`. */
export interface ContainerImage {
  file: string;
  sha256: string;
  reference: string;
}

export interface BundleInputs {
  settings: Settings;
  programs: ProgramsImage;
  containerImages: readonly ContainerImage[];
}

const step = 'bundle';

const stage = async (tree: string, inputs: BundleInputs): Promise<void> => {
  const { settings, programs, containerImages } = inputs;
  const rootfs = path.join(tree, 'rootfs');
  await cp(inProject('images/rootfs'), rootfs, { recursive: true });
  await cp(inProject('images/provision'), path.join(tree, 'provision'), { recursive: true });
  await stagePrograms(rootfs, programs);
  await bundleAgent(path.join(rootfs, 'usr/lib/groundup'));
  await mkdir(path.join(rootfs, 'etc/groundup'), { recursive: true, mode: 0o755 });
  await writeFile(
    path.join(rootfs, 'etc/groundup/settings.json'),
    `${JSON.stringify(nodeSettings(settings), null, 2)}\n`,
    { mode: 0o644 },
  );
  await mkdir(path.join(tree, 'container-images'), { mode: 0o755 });
  for (const [index, { file }] of containerImages.entries())
    await copyFile(file, path.join(tree, 'container-images', `${index}.tar`));
  const packages = extraPackages(settings)
    .map((name) => `${name}\n`)
    .join('');
  await writeFile(path.join(tree, 'extra-packages.txt'), packages, { mode: 0o644 });
};

/** Same tree, same bytes: names sorted, no times, no owners, no umask of the checkout. */
const archive = async (tree: string, tarFile: string): Promise<void> => {
  await runTool(
    'tar',
    [
      ...['--create', '--file', tarFile, '--directory', tree],
      ...['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'],
      ...['--format=gnu', '--mode=u=rwX,go=rX', '.'],
    ],
    { step, timeoutMs: 5 * 60_000 },
  );
};

/** Makes the bundle, or finds the one that was made from the same inputs. */
export const prepareBundle = async (inputs: BundleInputs, steps: Steps): Promise<Bundle> => {
  const key = keyOf({
    trees: await hashTree(['images/rootfs', 'images/provision', 'cloud-init', 'scripts/image']),
    settings: { ...nodeSettings(inputs.settings), packages: extraPackages(inputs.settings) },
    programs: [inputs.programs.sha256, inputs.programs.links],
    containerImages: inputs.containerImages.map(({ sha256 }) => sha256),
  });
  return steps.run(
    step,
    'rootfs, provision steps, binaries, agent',
    async () => {
      const entry = await cached('bundle', key, async (folder) => {
        const tree = path.join(folder, '.tree');
        await mkdir(tree, { mode: 0o755 });
        await stage(tree, inputs);
        await archive(tree, path.join(folder, 'bundle.tar'));
        await runTool('rm', ['-r', tree], { step, timeoutMs: 60_000 });
      });
      const { sha256, sizeBytes } = entry.files['bundle.tar'] ?? { sha256: '', sizeBytes: 0 };
      return { folder: entry.folder, sha256, sizeBytes, cached: entry.cached };
    },
    (bundle) =>
      `${bundle.sha256.slice(0, 12)}, ${Math.round(bundle.sizeBytes / 1024 ** 2)} MiB` +
      (bundle.cached ? ', cached' : ''),
  );
};

/** The project's version, for the header line and the manifest. */
export const projectVersion = async (): Promise<string> =>
  (JSON.parse(await readFile(inProject('package.json'), 'utf8')) as { version: string }).version;
