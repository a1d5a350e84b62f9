// The node's programs -> one compressed, read-only file system. A volume that nobody has read yet is
// filled at a few MiB a second, and these programs are two thirds of what a boot reads.
// Measured against the alternatives: docs/cold-volume.md
import { chmod, copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, keyOf } from '../cache/entry.ts';
import { runTool } from '../project/tools.ts';
import type { Binary } from './binaries.ts';
import { nodeBinaries } from './binary-table.ts';
import { erofsPrograms } from './debian-programs.ts';

const step = 'programs';
const fileName = 'programs.erofs';
/** The file in the image, and where its unit mounts it. */
const programsFile = `usr/lib/groundup/${fileName}`;
const programsFolder = '/usr/lib/groundup/programs';

/** Same files, same bytes: no times, no random identity. */
const options = [
  ...['-T0', '-U', '67726f75-6e64-7570-0000-000000000000', '--all-root'],
  ...['-zlz4hc,9:zstd,6', '-C65536'],
];
/**
 * LZ4 takes a quarter of zstd's time to read: for the kubelet, on which a boot waits at its end. What starts while
 * it waits for the network is smaller by a sixth with zstd. A line each: piece in bytes, compression, path.
 */
const hints = '65536 1 ^boot/(containerd|containerd-shim-runc-v2|runc)$\n';

type Program = Pick<Binary, 'name' | 'file' | 'installPath' | 'sha256'>;

/** Folders by first use, in the order of their names: what the boot itself runs comes first. */
const placeOf = ({ name }: Program): string =>
  path.join(nodeBinaries.find((row) => row.name === name)?.firstUse ?? 'by-hand', name);

/** One file system, and the links that lead into it. */
export interface ProgramsImage {
  /** erofs. */
  file: string;
  sha256: string;
  sizeBytes: number;
  cached: boolean;
  /** Where each program is installed -> what is there: a path on the node. */
  links: Record<string, string>;
}

/** The file system of `programs`, from the cache when they are the same: it takes a minute to make. */
export const prepareProgramsImage = async (
  programs: readonly Program[],
): Promise<ProgramsImage> => {
  const tools = await erofsPrograms();
  const places = programs.map((program) => [placeOf(program), program.sha256]);
  const key = keyOf({ options, hints, tools: path.basename(tools), places });
  const entry = await cached('programs', key, async (work) => {
    const tree = path.join(work, '.tree');
    await mkdir(tree, { mode: 0o755 });
    for (const program of programs) {
      const target = path.join(tree, placeOf(program));
      await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
      await copyFile(program.file, target);
      await chmod(target, 0o755);
    }
    const hintsFile = path.join(work, '.hints');
    await writeFile(hintsFile, hints, { mode: 0o600 });
    const args = [...options, `--compress-hints=${hintsFile}`, path.join(work, fileName), tree];
    await runTool(path.join(tools, 'mkfs.erofs'), args, { step, timeoutMs: 10 * 60_000 });
    await rm(hintsFile);
    await rm(tree, { recursive: true });
  });
  const links = programs.map((program) => [
    program.installPath,
    path.join(programsFolder, placeOf(program)),
  ]);
  return {
    file: path.join(entry.folder, fileName),
    ...(entry.files[fileName] ?? { sha256: '', sizeBytes: 0 }),
    cached: entry.cached,
    links: Object.fromEntries(links) as Record<string, string>,
  };
};

/** `12 programs in 112 MiB, cached` */
export const describePrograms = ({ links, sizeBytes, cached: isCached }: ProgramsImage): string =>
  `${Object.keys(links).length} programs in ${Math.round(sizeBytes / 1024 ** 2)} MiB` +
  (isCached ? ', cached' : '');

/** Puts the file system and the links into the tree `rootfs`. */
export const stagePrograms = async (
  rootfs: string,
  { file, links }: Pick<ProgramsImage, 'file' | 'links'>,
): Promise<void> => {
  for (const [installPath, target] of Object.entries(links)) {
    const link = path.join(rootfs, installPath);
    await mkdir(path.dirname(link), { recursive: true, mode: 0o755 });
    await symlink(target, link);
  }
  await mkdir(path.join(rootfs, programsFolder), { recursive: true, mode: 0o755 });
  await copyFile(file, path.join(rootfs, programsFile));
};
