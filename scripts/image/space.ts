// Folders a build writes to -> a Failure before anything is written when they lack room.
import { mkdir, statfs } from 'node:fs/promises';
import { Failure } from '../terminal/failure.ts';

const gib = 1024 ** 3;

/** Fails when the file system of `folder` has less than `neededBytes` free. */
export const ensureSpace = async (
  folder: string,
  neededBytes: number,
  hint: string,
): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new Failure({
    step: 'space',
    message:
      `${folder}: ${(freeBytes / gib).toFixed(1)} GiB free, ` +
      `a build needs ${(neededBytes / gib).toFixed(1)} GiB`,
    hint,
  });
};
