// A disk -> a copy with other files in it, or with something of it undone.
import { mkdir, rm } from 'node:fs/promises';
import { partitionOffsetBytes } from '../image/boot-disk.ts';
import { erofsPrograms } from '../image/debian-programs.ts';
import { projectRoot } from '../project/paths.ts';
import { runTool } from '../project/tools.ts';

const step = 'bench';

const withErofs = async (): Promise<Record<string, string>> => ({
  PATH: `${await erofsPrograms()}:${process.env['PATH'] ?? ''}`,
});

/** A script of the project, and what it gets after the root of the mounted disk. */
export type Edit = readonly [script: string, ...args: string[]];

export interface DiskChange {
  /** Writes files to lay over the disk into a folder. */
  overlay: (root: string) => Promise<void>;
  /** They find mkfs.erofs and its like. */
  edits: readonly Edit[];
}

/** Copies `disk` (raw or qcow2) to a raw one and changes that; returns what its edits printed. */
export const changedDisk = async (
  disk: string,
  result: string,
  { overlay, edits }: DiskChange,
): Promise<string> => {
  const root = `${result}.files`;
  await mkdir(root, { recursive: true, mode: 0o755 });
  try {
    await overlay(root);
    const env = edits.length > 0 ? await withErofs() : {};
    const options = { step, timeoutMs: 5 * 60_000, cwd: projectRoot, env };
    await runTool('qemu-img', ['convert', '-O', 'raw', disk, result], options);
    // In a mount namespace of its own: when this ends, however it ends, mount and loop device go.
    const script = [
      'set -e',
      'mkdir "$1.mount"',
      `mount -o loop,offset=${partitionOffsetBytes} "$1" "$1.mount"`,
      'cp --recursive --remove-destination --preserve=mode,links --no-dereference "$2/." "$1.mount/"',
      ...edits.map(([edit, ...args]) => [edit, '"$1.mount"', ...args].join(' ')),
      'umount "$1.mount"',
      'rmdir "$1.mount"',
    ].join('\n');
    return await runTool('unshare', ['--mount', 'sh', '-c', script, 'sh', result, root], options);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
