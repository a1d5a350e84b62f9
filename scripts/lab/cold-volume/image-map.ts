// A raw image -> which of its blocks hold data; the rest was never written and costs nothing.
import { z } from 'zod';
import { runTool } from '../../project/tools.ts';
import { blockBytes } from './model.ts';

/** https://qemu.readthedocs.io/en/latest/tools/qemu-img.html#cmdoption-qemu-img-arg-map */
const extentsShape = z.array(
  z.object({ start: z.number(), length: z.number(), zero: z.boolean(), data: z.boolean() }),
);

export interface ImageMap {
  /** Where the last extent ends. */
  sizeBytes: number;
  hasData: (block: number) => boolean;
}

/** What `qemu-img map --output=json` prints -> blocks. */
export const parseImageMap = (text: string): ImageMap => {
  const extents = extentsShape.parse(JSON.parse(text));
  const sizeBytes = extents.reduce((max, { start, length }) => Math.max(max, start + length), 0);
  const blocks = new Uint8Array(Math.ceil(sizeBytes / blockBytes));
  for (const { start, length, zero, data } of extents)
    if (data && !zero && length > 0)
      blocks.fill(1, Math.floor(start / blockBytes), Math.ceil((start + length) / blockBytes));
  return { sizeBytes, hasData: (block) => blocks[block] === 1 };
};

export const readImageMap = async (imageFile: string): Promise<ImageMap> => {
  const args = ['map', '--output=json', '-f', 'raw', imageFile];
  return parseImageMap(await runTool('qemu-img', args, { step: 'volume', timeoutMs: 60_000 }));
};
