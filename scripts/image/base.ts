// images/base + the Debian archive -> a bootable Debian 13 disk (qcow2) in the cache.
import { copyFile, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, keyOf, sha256OfFile } from '../cache/entry.ts';
import { inProject } from '../project/paths.ts';
import { runTool } from '../project/tools.ts';
import { makeBootDisk } from './boot-disk.ts';
import { debianMirrors } from './mirrors.ts';

export interface BaseDisk {
  /** The disk, qcow2. */
  file: string;
  sha256: string;
  packageCount: number;
  cached: boolean;
}

const suite = 'trixie';
/** The base's virtual size; Packer grows the disk to `volume-size-gib`. */
const diskSizeBytes = 2 * 1024 ** 3;
const step = 'base';

const readPackages = async (): Promise<string[]> =>
  (await readFile(inProject('images/base/packages.txt'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s/)[0] as string);

/** Every file of images/base with its hash: what a base is made from. */
const hashInputs = async (): Promise<string[]> => {
  const inputs: string[] = [];
  for await (const entry of glob('images/base/**', { cwd: inProject(), withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    inputs.push(`${path.relative(inProject(), file)} ${await sha256OfFile(file)}`);
  }
  return inputs.toSorted();
};

const bootstrap = async (tarFile: string, arch: string, signal?: AbortSignal): Promise<void> => {
  const packages = await readPackages();
  const options = [
    // Documentation and translations are two fifths of a minimal Debian; copyright files stay.
    '--aptopt=Acquire::Languages "none"',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/info/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
  ];
  await runTool(
    'mmdebstrap',
    [
      '--mode=root',
      '--variant=minbase',
      '--format=tar',
      `--architectures=${arch}`,
      `--include=${packages.join(',')}`,
      ...options,
      `--customize-hook=${inProject('images/base/customize.sh')}`,
      suite,
      tarFile,
      ...(await debianMirrors(suite)),
    ],
    {
      step,
      timeoutMs: 15 * 60_000,
      // The kernel package's hook makes no initrd then.
      env: { INITRD: 'No', SOURCE_DATE_EPOCH: '0' },
      hint: 'is the Debian mirror of /etc/apt reachable?  apt-get update',
      ...(signal === undefined ? {} : { signal }),
    },
  );
};

/** mmdebstrap's tar -> the existing folder, with owners, modes and capabilities. */
export const unpackRoot = async (tarFile: string, rootFolder: string): Promise<void> => {
  const attributes = ['--numeric-owner', '--xattrs', '--xattrs-include=*'];
  await runTool('tar', ['--extract', ...attributes, '--file', tarFile, '--directory', rootFolder], {
    step,
    timeoutMs: 5 * 60_000,
  });
};

const buildBase = async (folder: string, arch: string, signal?: AbortSignal): Promise<void> => {
  const work = await mkdtemp(path.join(folder, '.work-'));
  const rootFolder = path.join(work, 'root');
  try {
    await bootstrap(path.join(work, 'root.tar'), arch, signal);
    await mkdir(rootFolder, { mode: 0o755 });
    await unpackRoot(path.join(work, 'root.tar'), rootFolder);
    await copyFile(path.join(rootFolder, 'var/lib/dpkg/status'), path.join(folder, 'dpkg-status'));
    await makeBootDisk(path.join(work, 'disk.raw'), rootFolder, diskSizeBytes);
    const disk = path.join(folder, 'base.qcow2');
    await runTool('qemu-img', ['convert', '-O', 'qcow2', path.join(work, 'disk.raw'), disk], {
      step,
      timeoutMs: 5 * 60_000,
    });
    await writeFile(path.join(folder, 'base.sha256'), await sha256OfFile(disk), { mode: 0o644 });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** `Debian 13, 227 packages, cached` */
export const describeBase = ({ packageCount, cached: isCached }: BaseDisk): string =>
  `Debian 13, ${packageCount} packages${isCached ? ', cached' : ''}`;

/**
 * The base disk for `arch`. It is made again when images/base changed, or under another
 * `refreshKey` (the nightly passes the date, so that security updates come in). `signal` ends it.
 */
export const prepareBase = async (
  arch: string,
  refreshKey = '',
  signal?: AbortSignal,
): Promise<BaseDisk> => {
  const key = keyOf({ suite, arch, refreshKey, diskSizeBytes, inputs: await hashInputs() });
  const entry = await cached('base', key, (folder) => buildBase(folder, arch, signal));
  const status = await readFile(path.join(entry.folder, 'dpkg-status'), 'utf8');
  return {
    file: path.join(entry.folder, 'base.qcow2'),
    sha256: await readFile(path.join(entry.folder, 'base.sha256'), 'utf8'),
    packageCount: status.match(/^Package: /gm)?.length ?? 0,
    cached: entry.cached,
  };
};
