// First touches and a disk's map -> what was touched, in order and in sums.
import path from 'node:path';
import { blockBytes, type Touch } from '../cold-volume/model.ts';
import { labelOf, rangesWithin, type Owner, type Range } from './owner.ts';

export interface TouchedPart extends Owner {
  bytes: number;
}

export interface TouchedOwner extends Owner {
  /** When the first of its blocks was touched. */
  firstMs: number;
  /** Of it, in blocks that were touched. */
  touchedBytes: number;
  /** All of it on the disk. */
  sizeBytes: number;
}

export interface TouchedReport {
  touchedBlocks: number;
  touchedBytes: number;
  /** In the order of first touch, the parts from large to small. */
  blocks: (Touch & { parts: TouchedPart[] })[];
  /** Files and what else has blocks, in the order of first touch. */
  owners: TouchedOwner[];
  /** Top-level folders, the two levels below /usr and /var, and what is no file; from large to small. */
  folders: { name: string; touchedBytes: number }[];
}

/** `/usr/lib/x/y` -> `/usr/lib`, `/boot/x` -> `/boot`, `/x` -> `/`. */
export const folderOf = (owner: Owner): string => {
  const { kind, name } = owner;
  if (name === undefined || kind === 'partition') return labelOf(owner);
  const folder = kind === 'folder' ? name : path.posix.dirname(name);
  const [, top = '', second] = folder.split('/');
  if (top === '') return '/';
  return second !== undefined && (top === 'usr' || top === 'var') ? `/${top}/${second}` : `/${top}`;
};

const sumByLabel = (ranges: readonly Range[]): Map<string, TouchedPart> => {
  const sums = new Map<string, TouchedPart>();
  for (const { startBytes, endBytes, owner } of ranges) {
    const label = labelOf(owner);
    const sum = sums.get(label) ?? { ...owner, bytes: 0 };
    sum.bytes += endBytes - startBytes;
    sums.set(label, sum);
  }
  return sums;
};

export const reportTouches = (touches: readonly Touch[], map: readonly Range[]): TouchedReport => {
  const sizes = sumByLabel(map);
  const diskBytes = map.at(-1)?.endBytes ?? 0;
  const owners = new Map<string, TouchedOwner>();
  const folders = new Map<string, number>();
  let touchedBytes = 0;
  const blocks = touches.map((touch) => {
    const start = touch.block * blockBytes;
    const end = Math.min(start + blockBytes, diskBytes);
    touchedBytes += end - start;
    const parts = sumByLabel(rangesWithin(map, start, end));
    for (const [label, { bytes, ...owner }] of parts) {
      const sizeBytes = sizes.get(label)?.bytes ?? 0;
      const known = owners.get(label) ?? {
        ...owner,
        firstMs: touch.ms,
        touchedBytes: 0,
        sizeBytes,
      };
      known.touchedBytes += bytes;
      owners.set(label, known);
      folders.set(folderOf(owner), (folders.get(folderOf(owner)) ?? 0) + bytes);
    }
    return { ...touch, parts: [...parts.values()].toSorted((a, b) => b.bytes - a.bytes) };
  });
  return {
    touchedBlocks: blocks.length,
    touchedBytes,
    blocks,
    owners: [...owners.values()],
    folders: [...folders]
      .map(([name, bytes]) => ({ name, touchedBytes: bytes }))
      .toSorted((a, b) => b.touchedBytes - a.touchedBytes),
  };
};
