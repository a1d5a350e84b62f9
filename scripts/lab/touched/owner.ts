// What lies where on a disk: ranges of bytes, each with its owner.

export type OwnerKind =
  'file' | 'folder' | 'journal' | 'metadata' | 'free space' | 'boot sectors' | 'partition';

export interface Owner {
  kind: OwnerKind;
  /** Of a file or folder, from its file system's root; of another partition, its number. */
  name?: string;
}

export interface Range {
  startBytes: number;
  /** The first byte behind it. */
  endBytes: number;
  owner: Owner;
}

/** What an owner is called in a list. */
export const labelOf = ({ kind, name }: Owner): string => {
  if (name === undefined) return kind;
  return kind === 'file' || kind === 'folder' ? name : `${kind} ${name}`;
};

/**
 * `ranges` in their order, each byte in one of them, and `owner` where none was. A file with several
 * names is there once, under the first.
 */
export const fillGaps = (
  ranges: readonly Range[],
  whole: { startBytes: number; endBytes: number },
  owner: Owner,
): Range[] => {
  const filled: Range[] = [];
  let at = whole.startBytes;
  const sorted = ranges.toSorted((a, b) => a.startBytes - b.startBytes || a.endBytes - b.endBytes);
  for (const range of sorted) {
    if (range.startBytes < at) continue;
    if (range.startBytes > at) filled.push({ startBytes: at, endBytes: range.startBytes, owner });
    filled.push(range);
    at = range.endBytes;
  }
  if (at < whole.endBytes) filled.push({ startBytes: at, endBytes: whole.endBytes, owner });
  return filled;
};

/** The ranges that have a part between two bytes, cut to it; `ranges` cover the disk in order. */
export const rangesWithin = (
  ranges: readonly Range[],
  startBytes: number,
  endBytes: number,
): Range[] => {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((ranges[middle]?.endBytes ?? 0) <= startBytes) low = middle + 1;
    else high = middle;
  }
  const found: Range[] = [];
  for (let index = low; index < ranges.length; index += 1) {
    const range = ranges[index];
    if (range === undefined || range.startBytes >= endBytes) break;
    found.push({
      startBytes: Math.max(range.startBytes, startBytes),
      endBytes: Math.min(range.endBytes, endBytes),
      owner: range.owner,
    });
  }
  return found;
};
