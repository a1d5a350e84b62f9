// Programs of Debian 13 -> programs that run on any Linux with the same processor, whatever is installed
// there: what tests compare with a node must be what a node has, and the same inputs must give the same
// bytes on every build machine.
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, keyOf } from '../cache/entry.ts';
import { runTool } from '../project/tools.ts';
import { debianMirrors } from './mirrors.ts';

const step = 'programs';
const suite = 'trixie';

/** Debian's names of the architectures and of their library folders and loaders. */
const platforms: Partial<Record<NodeJS.Architecture, { triplet: string; loader: string }>> = {
  x64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** Runs a program of the root file system with that system's own libraries, whatever the host has. */
const wrapper = (triplet: string, loader: string, program: string): string =>
  [
    '#!/bin/sh',
    // Found through PATH, so it has a folder; no process is started to find out.
    'root=${0%/*}/root',
    `libraries=$root/usr/lib/${triplet}`,
    `exec "$libraries/${loader}" --library-path "$libraries" "$root/usr/bin/${program}" "$@"`,
    '',
  ].join('\n');

/** The folder with `programs` of the Debian 13 packages `packages`; it can be put first into PATH. */
const runnable = async (
  packages: readonly string[],
  programs: readonly string[],
): Promise<string> => {
  const platform = platforms[process.arch];
  if (platform === undefined) throw new Error(`no Debian 13 programs for ${process.arch}`);
  const { triplet, loader } = platform;
  const key = keyOf({ suite, programs, arch: process.arch, wrapper: wrapper(triplet, loader, '') });
  const entry = await cached('debian-programs', key, async (folder) => {
    const root = path.join(folder, 'root');
    const include = `--include=${packages.join(',')}`;
    const exclude = '--dpkgopt=path-exclude=/usr/share/*';
    const options = ['--mode=root', '--variant=extract', '--format=directory', include, exclude];
    await runTool('mmdebstrap', [...options, suite, root, ...(await debianMirrors(suite))], {
      step,
      timeoutMs: 5 * 60_000,
      hint: 'is the Debian mirror of /etc/apt reachable?  apt-get update',
    });
    // Configuration of this machine's apt, and character sets that nobody asks for.
    for (const unused of ['etc/apt', 'dev', 'var', `usr/lib/${triplet}/gconv`])
      await rm(path.join(root, unused), { recursive: true, force: true });
    for (const program of programs) {
      const file = path.join(folder, program);
      await writeFile(file, wrapper(triplet, loader, program), { mode: 0o755 });
      // A umask of the caller must not take the right to run it.
      await chmod(file, 0o755);
    }
  });
  return entry.folder;
};

/** `qjs` and `curl`: the agent's tests run in what a node runs it in; Debian 12 has no quickjs. */
export const debianPrograms = (): Promise<string> => runnable(['quickjs', 'curl'], ['qjs', 'curl']);

/** `mkfs.erofs` and its checker: another version lays a file system out in other bytes. */
export const erofsPrograms = (): Promise<string> =>
  runnable(['erofs-utils'], ['mkfs.erofs', 'fsck.erofs']);
