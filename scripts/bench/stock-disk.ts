// A Debian 13 as its cloud images are, with the worker's programs: what groundup is measured against.
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { cached, keyOf, sha256OfFile } from '../cache/entry.ts';
import { unpackRoot } from '../image/base.ts';
import type { Binary } from '../image/binaries.ts';
import { makeBootDisk } from '../image/boot-disk.ts';
import { hashTree } from '../image/inputs.ts';
import { debianMirrors } from '../image/mirrors.ts';
import { inProject } from '../project/paths.ts';
import { runTool } from '../project/tools.ts';

const step = 'stock';
const suite = 'trixie';
const diskSizeBytes = 3 * 1024 ** 3;
const stockFolder = 'scripts/bench/stock';
const rootfs = 'images/rootfs';

/** Parts of images/rootfs that any worker needs, however it is configured. */
const sharedFiles = [
  'etc/containerd/config.toml',
  'etc/sysctl.d/90-kubernetes.conf',
  'etc/modules-load.d/kubernetes.conf',
];

const readPackages = async (): Promise<string[]> =>
  (await readFile(inProject(stockFolder, 'packages.txt'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

const build = async (folder: string, binaries: readonly Binary[]): Promise<void> => {
  const work = await mkdtemp(path.join(folder, '.work-'));
  const root = path.join(work, 'root');
  try {
    const tarFile = path.join(work, 'root.tar');
    const include = `--include=${(await readPackages()).join(',')}`;
    const hook = `--customize-hook=${inProject(stockFolder, 'customize.sh')}`;
    const options = ['--mode=root', '--variant=important', '--format=tar', include, hook];
    await runTool('mmdebstrap', [...options, suite, tarFile, ...(await debianMirrors(suite))], {
      step,
      timeoutMs: 15 * 60_000,
      env: { SOURCE_DATE_EPOCH: '0' },
    });
    await mkdir(root, { mode: 0o755 });
    await unpackRoot(tarFile, root);
    await rm(tarFile);
    for (const { file, installPath } of binaries) {
      const target = path.join(root, installPath);
      await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
      await copyFile(file, target);
      await chmod(target, 0o755);
    }
    for (const file of sharedFiles) {
      await mkdir(path.join(root, path.dirname(file)), { recursive: true, mode: 0o755 });
      await cp(inProject(rootfs, file), path.join(root, file));
    }
    await makeBootDisk(path.join(folder, 'stock.raw'), root, diskSizeBytes);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** The raw disk in the cache; nobody may write to it. */
export const prepareStockDisk = async (binaries: readonly Binary[]): Promise<string> => {
  const key = keyOf({
    suite,
    diskSizeBytes,
    trees: await hashTree([stockFolder]),
    shared: await Promise.all(sharedFiles.map((file) => sha256OfFile(inProject(rootfs, file)))),
    binaries: binaries.map(({ installPath, sha256 }) => [installPath, sha256]),
  });
  const entry = await cached('stock', key, (folder) => build(folder, binaries));
  return path.join(entry.folder, 'stock.raw');
};
