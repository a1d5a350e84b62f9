// An ext4 file system in a raw image -> which bytes belong to which file, as the kernel itself says.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runTool } from '../../project/tools.ts';
import { fillGaps, type OwnerKind, type Range } from './owner.ts';

const step = 'touched';
const timeoutMs = 5 * 60_000;
const filefragUnitBytes = 512;
const folderMark = '=== folders';

/** In a mount namespace of its own: whatever becomes of it, the kernel unmounts and frees the loop device. */
const listExtents = `set -eu
mount -t ext4 -o ro,noload,loop,offset="$2" "$1" "$3"
cd "$3"
list() { find . -xdev "$@" -print0 | xargs -0 -r filefrag -v -b${filefragUnitBytes}; }
list -type f -size +0
echo '${folderMark}'
list -type d`;

/** What filefrag -v prints, in bytes from the file system's start. */
export const parseExtents = (text: string): Range[] => {
  const ranges: Range[] = [];
  let kind: OwnerKind = 'file';
  let name = '';
  for (const line of text.split('\n')) {
    if (line === folderMark) kind = 'folder';
    const header = /^File size of \.(.*) is \d+ \(\d+ blocks? of \d+ bytes\)$/.exec(line);
    if (header) name = header[1] === '' ? '/' : (header[1] ?? '');
    const extent = /^ *\d+: *\d+\.\. *\d+: *(\d+)\.\. *(\d+): *\d+:(.*)$/.exec(line);
    if (!extent || /inline|unknown_loc|delalloc/.test(extent[3] ?? '')) continue;
    ranges.push({
      startBytes: Number(extent[1]) * filefragUnitBytes,
      endBytes: (Number(extent[2]) + 1) * filefragUnitBytes,
      owner: { kind, name },
    });
  }
  return ranges;
};

const asRanges = (
  blockBytes: number,
  kind: OwnerKind,
  blocks: readonly (readonly [first: number, last: number])[],
): Range[] =>
  blocks.map(([first, last]) => ({
    startBytes: first * blockBytes,
    endBytes: (last + 1) * blockBytes,
    owner: { kind },
  }));

/** What dumpe2fs prints: the size of a block, and those that are in no use. */
export const parseFree = (text: string): { blockBytes: number; free: Range[] } => {
  const blockBytes = Number(/^Block size: +(\d+)$/m.exec(text)?.[1]);
  const blocks = [...text.matchAll(/^ {2}Free blocks: (.*)$/gm)]
    .flatMap(([, list = '']) => list.split(', '))
    .filter((item) => item !== '')
    .map((item) => {
      const [first = '', last = first] = item.split('-');
      return [Number(first), Number(last)] as const;
    });
  return { blockBytes, free: asRanges(blockBytes, 'free space', blocks) };
};

/** What debugfs says of the journal's inode: the last two numbers of a leaf are from block to block. */
export const parseJournal = (text: string, blockBytes: number): Range[] => {
  const leaves = text.matchAll(/^ *(\d+)\/ *\1 +\d+\/ *\d+ +\d+ - +\d+ +(\d+) - +(\d+) +\d+/gm);
  const blocks = [...leaves].map(([, , first, last]) => [Number(first), Number(last)] as const);
  return asRanges(blockBytes, 'journal', blocks);
};

const run = (file: string, args: readonly string[]): Promise<string> =>
  runTool(file, args, { step, timeoutMs, env: { LC_ALL: 'C' } });

const readExtents = async (imageFile: string, offsetBytes: number): Promise<Range[]> => {
  const mountPoint = await mkdtemp(path.join(tmpdir(), 'groundup-touched-'));
  try {
    const script = ['sh', '-c', listExtents, 'sh', imageFile, String(offsetBytes), mountPoint];
    return parseExtents(await run('unshare', ['--mount', '--propagation=private', ...script]));
  } finally {
    await rm(mountPoint, { recursive: true });
  }
};

/** Every byte of the partition has an owner; what is nobody's is the file system's own metadata. */
export const mapExt4 = async (
  imageFile: string,
  partition: { startBytes: number; endBytes: number },
): Promise<Range[]> => {
  const device = `${imageFile}?offset=${partition.startBytes}`;
  const { blockBytes, free } = parseFree(await run('dumpe2fs', [device]));
  const journal = parseJournal(await run('debugfs', ['-R', 'ex <8>', device]), blockBytes);
  const extents = await readExtents(imageFile, partition.startBytes);
  const onDisk = [...extents, ...journal, ...free].map(({ startBytes, endBytes, owner }) => ({
    startBytes: partition.startBytes + startBytes,
    endBytes: partition.startBytes + endBytes,
    owner,
  }));
  return fillGaps(onDisk, partition, { kind: 'metadata' });
};
