// A raw disk image -> ranges that cover it, each with its owner.
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { runTool } from '../../project/tools.ts';
import { mapExt4 } from './ext4-map.ts';
import { fillGaps, type Range } from './owner.ts';

const ext4MagicOffset = 1024 + 0x38;
const ext4Magic = 0xef53;

const tableShape = z.object({
  partitiontable: z.object({
    sectorsize: z.number().default(512),
    partitions: z.array(z.object({ start: z.number(), size: z.number() })),
  }),
});

const isExt4 = async (imageFile: string, startBytes: number): Promise<boolean> => {
  const handle = await open(imageFile, 'r');
  try {
    const bytes = Buffer.alloc(2);
    await handle.read(bytes, 0, 2, startBytes + ext4MagicOffset);
    return bytes.readUInt16LE(0) === ext4Magic;
  } finally {
    await handle.close();
  }
};

/** What lies before, between and behind partitions is called boot sectors: nobody else puts data there. */
export const mapDisk = async (imageFile: string, sizeBytes: number): Promise<Range[]> => {
  const text = await runTool('sfdisk', ['--json', imageFile], {
    step: 'touched',
    timeoutMs: 30_000,
  });
  const { sectorsize, partitions } = tableShape.parse(JSON.parse(text)).partitiontable;
  const ranges: Range[] = [];
  for (const [index, { start, size }] of partitions.entries()) {
    const partition = { startBytes: start * sectorsize, endBytes: (start + size) * sectorsize };
    if (await isExt4(imageFile, partition.startBytes))
      ranges.push(...(await mapExt4(imageFile, partition)));
    else ranges.push({ ...partition, owner: { kind: 'partition', name: String(index + 1) } });
  }
  return fillGaps(ranges, { startBytes: 0, endBytes: sizeBytes }, { kind: 'boot sectors' });
};
