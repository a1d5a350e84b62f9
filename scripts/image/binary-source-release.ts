// A program of an official release -> its file in a folder, from the download or from a mirror.
import { chmod, copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { sha256OfFile } from '../cache/entry.ts';
import { runTool } from '../project/tools.ts';
import { Failure } from '../terminal/failure.ts';
import { labelOf, wrongSha256, type BinaryRequest } from './binary-request.ts';
import { downloadFile, type HostBases } from './download.ts';

const unpackTimeoutMs = 120_000;

/** Where the release file of a program is. */
export const releaseUrlOf = ({ row, component, version, arch }: BinaryRequest): string => {
  if (!component.releaseUrl) throw new Error(`${row.name}: no release address`);
  return component.releaseUrl(version, arch, row.name);
};

/** Copies the program out of its release file (or archive) to `<folder>/<name>`, executable. */
const install = async (request: BinaryRequest, file: string, folder: string): Promise<void> => {
  const { row, component, version, arch } = request;
  const target = path.join(folder, row.name);
  const member = component.archiveMember?.(version, arch, row.name);
  if (member === undefined) {
    await copyFile(file, target);
  } else {
    // Beside the entry, not in /tmp: the archive's programs are large.
    const unpacked = await mkdtemp(`${folder}-unpacked-`);
    try {
      const args = ['--extract', '--no-same-owner', '--file', file, '--directory', unpacked];
      await runTool('tar', args, { step: 'binaries', timeoutMs: unpackTimeoutMs });
      await copyFile(path.join(unpacked, member), target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        const message = `${labelOf(request)}: ${path.basename(file)} has no ${member}`;
        throw new Failure({ step: 'binaries', message });
      });
    } finally {
      await rm(unpacked, { recursive: true, force: true });
    }
  }
  await chmod(target, 0o755);
};

/** Downloads the release file, checks its sha256 and puts the program into `folder`. */
export const installFromRelease = async (
  request: BinaryRequest,
  sha256: string,
  folder: string,
  bases: HostBases,
): Promise<void> => {
  const label = labelOf(request);
  const { component } = request.row;
  const file = await downloadFile({
    url: releaseUrlOf(request),
    sha256,
    label,
    bases,
    onWrongSha256: (got, from) =>
      wrongSha256(label, component, { want: sha256, got, from, isDeleted: true }),
  });
  await install(request, file, folder);
};

const isFile = async (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

/**
 * The places of a release file in a mirror: `<directory>/<host>/<path>`, as
 * `wget --force-directories` makes it, or all files side by side.
 */
export const mirrorPaths = (directory: string, url: string): string[] => {
  const { host, pathname } = new URL(url);
  return [path.join(directory, host, pathname), path.join(directory, path.basename(pathname))];
};

/** Takes the release file from a local mirror, checks its sha256 and puts the program into `folder`. */
export const installFromDirectory = async (
  request: BinaryRequest,
  sha256: string,
  folder: string,
  directory: string,
): Promise<void> => {
  const label = labelOf(request);
  const [byPath = '', byName = ''] = mirrorPaths(directory, releaseUrlOf(request));
  const file = (await isFile(byPath)) ? byPath : byName;
  if (!(await isFile(file))) {
    throw new Failure({
      step: 'binaries',
      message: `${label}: not in the mirror ${directory}`,
      tail: `neither ${byPath}\nnor     ${byName}`,
      hint: 'npm run pins -- urls | wget --force-directories --input-file=- fills a mirror',
    });
  }
  const got = await sha256OfFile(file);
  if (got !== sha256) {
    const { component } = request.row;
    throw wrongSha256(label, component, { want: sha256, got, from: file, isDeleted: false });
  }
  await install(request, file, folder);
};
