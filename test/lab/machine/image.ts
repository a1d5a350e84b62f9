// The image that was built + the files beside this one -> an image whose agent can be cut off, and whose
// machine can be spoilt, by system credentials. Without a credential it boots as the built one does.
import { copyFile, chmod, mkdir, truncate } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../scripts/project/tools.ts';
import { inProject } from '../../../scripts/project/paths.ts';

const step = 'test image';
const sectorBytes = 512;

const run = (file: string, ...args: string[]): Promise<string> =>
  runTool(file, args, { step, timeoutMs: 120_000 });

/** Where the one partition of the disk begins, bytes. */
export const partitionStart = async (disk: string): Promise<number> => {
  const { partitiontable: table } = JSON.parse(await run('sfdisk', '--json', disk)) as {
    partitiontable: { partitions: { start: number }[] };
  };
  return (table.partitions[0]?.start ?? 0) * sectorBytes;
};

const programs = ['agent-with-cuts.mjs', 'spoil', 'tell'];

/** Writes the image below `folder`; returns its file. `emptied` are files of the root that lose what they hold. */
export const makeTestImage = async (
  imageFile: string,
  folder: string,
  emptied: readonly string[] = [],
): Promise<string> => {
  const disk = path.join(folder, emptied.length === 0 ? 'test.raw' : 'emptied.raw');
  const root = path.join(folder, 'root');
  await run('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', imageFile, disk);
  await mkdir(root, { recursive: true });
  await run('mount', '-o', `loop,offset=${await partitionStart(disk)}`, disk, root);
  try {
    const target = path.join(root, 'usr/lib/groundup-test');
    const dropIns = path.join(root, 'etc/systemd/system/groundup.service.d');
    for (const made of [target, dropIns]) await mkdir(made, { recursive: true, mode: 0o755 });
    for (const name of programs) {
      await copyFile(inProject('test/lab/machine', name), path.join(target, name));
      await chmod(path.join(target, name), 0o755);
    }
    await copyFile(inProject('test/lab/machine/test.conf'), path.join(dropIns, 'test.conf'));
    for (const name of emptied) await truncate(path.join(root, name));
  } finally {
    await run('umount', root);
  }
  return disk;
};
