// A raw disk -> where texts stand on it, and whose blocks those are: free ones count, too.
import { open } from 'node:fs/promises';
import { partitionOffsetBytes } from '../../scripts/image/boot-disk.ts';
import { runTool } from '../../scripts/project/tools.ts';

const chunkBytes = 64 * 1024 ** 2;
const emptyPiece = Buffer.alloc(1024 ** 2);
const blockBytes = 4096;

/** Which file each offset belongs to; a free block belongs to none. */
export const filesAt = async (disk: string, offsets: readonly number[]): Promise<string[]> => {
  const blocks = offsets.map((at) => Math.floor((at - partitionOffsetBytes) / blockBytes));
  const ask = async (...request: (string | number)[]): Promise<Map<number, string>> => {
    const target = `${disk}?offset=${partitionOffsetBytes}`;
    const answer = await runTool('debugfs', ['-R', request.join(' '), target], {
      step: 'scan',
      timeoutMs: 60_000,
    });
    const rows = answer.matchAll(/^(\d+)\t(.*)$/gm);
    return new Map([...rows].map(([, number, found = '']) => [Number(number), found]));
  };
  const inodes = await ask('icheck', ...blocks);
  const numbers = [...new Set(inodes.values())].filter((found) => /^\d+$/.test(found));
  const names = numbers.length === 0 ? new Map<number, string>() : await ask('ncheck', ...numbers);
  return blocks.map((block) => names.get(Number(inodes.get(block))) ?? `free block ${block}`);
};

const isEmpty = (bytes: Buffer): boolean => {
  for (let at = 0; at < bytes.length; at += emptyPiece.length) {
    const piece = bytes.subarray(at, at + emptyPiece.length);
    if (!piece.equals(emptyPiece.subarray(0, piece.length))) return false;
  }
  return true;
};

/**
 * Reads a file of any size piece by piece. `find` gives the offsets of what it seeks in a piece;
 * pieces share `overlapBytes`, so that what lies across two is found, too.
 */
export const scanFile = async <Hit extends { at: number }>(
  file: string,
  overlapBytes: number,
  find: (bytes: Buffer) => Hit[],
): Promise<{ found: Hit[]; readBytes: number }> => {
  const found = new Map<string, Hit>();
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(chunkBytes + overlapBytes);
    let position = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      const bytes = buffer.subarray(0, bytesRead);
      for (const hit of isEmpty(bytes) ? [] : find(bytes)) {
        const moved = { ...hit, at: position + hit.at };
        // In the overlap it is found twice.
        found.set(JSON.stringify(moved), moved);
      }
      if (bytesRead < buffer.length)
        return { found: [...found.values()], readBytes: position + bytesRead };
      position += chunkBytes;
    }
  } finally {
    await handle.close();
  }
};
