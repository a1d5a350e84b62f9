// A root file system folder -> a raw disk that boots by BIOS and GRUB.
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../project/tools.ts';

const sectorBytes = 512;
const partitionStartSectors = 2048;
/** Must agree with PARTUUID in images/base/rootfs; growpart needs a signature to find the root. */
const diskSignature = '0x67726f75';
const step = 'base';

/** Where the only partition begins, for those who mount it. */
export const partitionOffsetBytes = partitionStartSectors * sectorBytes;

/** The first sectors: GRUB's boot.img before the disk signature, its core.img behind it. */
const writeBootSectors = async (disk: string, rootFolder: string): Promise<void> => {
  const boot = await readFile(path.join(rootFolder, 'boot/grub/boot.img'));
  const core = await readFile(path.join(rootFolder, 'boot/grub/core.img'));
  // The disk signature begins at byte 440, the table at 446.
  const bootCodeBytes = 440;
  const gapBytes = (partitionStartSectors - 1) * sectorBytes;
  if (core.length > gapBytes) throw new Error(`core.img: ${core.length} bytes, room ${gapBytes}`);
  const handle = await open(disk, 'r+');
  try {
    await handle.write(boot, 0, bootCodeBytes, 0);
    await handle.write(core, 0, core.length, sectorBytes);
  } finally {
    await handle.close();
  }
};

/**
 * A root file system with GRUB's images in /boot/grub -> a raw disk with one ext4 partition that
 * boots by BIOS. Uses no loop device.
 */
export const makeBootDisk = async (
  disk: string,
  rootFolder: string,
  diskSizeBytes: number,
): Promise<void> => {
  const handle = await open(disk, 'wx', 0o644);
  await handle.truncate(diskSizeBytes);
  await handle.close();
  await runTool('sfdisk', ['--quiet', disk], {
    step,
    timeoutMs: 30_000,
    input: `label: dos\nlabel-id: ${diskSignature}\nstart=${partitionStartSectors}, type=83, bootable\n`,
  });
  await runTool(
    'mkfs.ext4',
    [
      '-q',
      '-L',
      'root',
      '-d',
      rootFolder,
      // GRUB 2.12 reads neither; e2fsprogs from 1.47 on sets both by default.
      ...['-O', '^orphan_file,^metadata_csum_seed'],
      ...['-E', `offset=${partitionOffsetBytes},lazy_itable_init=0,nodiscard`],
      disk,
      `${(diskSizeBytes - partitionOffsetBytes) / 1024}k`,
    ],
    { step, timeoutMs: 5 * 60_000 },
  );
  await writeBootSectors(disk, rootFolder);
};
