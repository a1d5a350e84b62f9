// The volume by itself: reads, writes into memory, and which of them touch a block.
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blockBytes } from '../../../../scripts/lab/cold-volume/model.ts';
import type { Volume } from '../../../../scripts/lab/cold-volume/volume.ts';
import { imageBlocks, serveSample, type Sample } from './sample.ts';

const kib = 1024;
let sample: Sample;

test.before.each(async () => {
  sample = await serveSample({ latencyMs: 0 });
});
test.after.each(() => sample.close());

const read = async (volume: Volume, offset: number, length: number): Promise<Buffer> => {
  await volume.touchForRead(offset, length);
  const target = Buffer.alloc(length, 0xee);
  volume.read(target, offset);
  return target;
};

const touched = ({ touches }: Volume) => touches.map(({ block, kind }) => `${block} ${kind}`);

test('reads touch the blocks that they lie in, and holes cost nothing', async () => {
  const { volume } = sample;
  await read(volume, 2 * blockBytes - 512, 1024);
  await read(volume, 3 * blockBytes, 2 * blockBytes);
  await read(volume, 2 * blockBytes - 4096, 8192);
  assert.equal(touched(volume), ['1 read', '2 read']);
  const { touchedBlocks, touchedBytes, readBytes } = volume.statistics();
  assert.equal(
    { touchedBlocks, touchedBytes, readBytes },
    { touchedBlocks: 2, touchedBytes: 2 * blockBytes, readBytes: 1024 + 2 * blockBytes + 8192 },
  );
});

test('a write of a part fetches the rest, a write of the whole does not', async () => {
  const { volume } = sample;
  await volume.write(Buffer.alloc(4 * kib, 9), 4 * kib);
  await volume.write(Buffer.alloc(blockBytes, 9), blockBytes);
  await volume.write(Buffer.alloc(kib, 9), 3 * blockBytes); // A hole.
  await volume.write(Buffer.alloc(2 * blockBytes, 9), 5 * blockBytes + 512);
  assert.equal(touched(volume), ['0 write', '5 write', '7 write']);
  await read(volume, 0, imageBlocks * blockBytes);
  assert.equal(touched(volume).slice(3), ['2 read']);
});

test('zeroes and trimmed blocks read as zeroes', async () => {
  const { volume } = sample;
  await volume.writeZeroes(512, 1024);
  volume.trim(blockBytes, blockBytes);
  volume.trim(2 * blockBytes + 1, 4 * kib); // No page lies in it as a whole.
  assert.equal(touched(volume), ['0 write']);
  const start = await read(volume, 0, 4 * kib);
  assert.equal(
    start,
    Buffer.concat([Buffer.alloc(512, 1), Buffer.alloc(1024), Buffer.alloc(2560, 1)]),
  );
  assert.equal(await read(volume, blockBytes, blockBytes), Buffer.alloc(blockBytes));
  assert.equal(await read(volume, 2 * blockBytes, blockBytes), Buffer.alloc(blockBytes, 3));
  assert.equal(touched(volume), ['0 write', '2 read']);
});

test('the volume may be larger than the image', async () => {
  const large = await serveSample({ latencyMs: 0, sizeBytes: 20 * blockBytes + kib });
  const { volume } = large;
  assert.is(volume.sizeBytes, 20 * blockBytes + kib);
  await volume.write(Buffer.from('end'), volume.sizeBytes - 3);
  const tail = await read(volume, 20 * blockBytes, kib);
  assert.equal(tail, Buffer.concat([Buffer.alloc(kib - 3), Buffer.from('end')]));
  assert.equal(touched(volume), []);
  assert.not(volume.contains(volume.sizeBytes - 3, 4));
  await large.close();
});

test('any writes read back as from a plain file, and the image stays as it is', async () => {
  const image = await readFile(sample.imageFile);
  const place = fc.record({
    offset: fc.nat(image.length - 1),
    length: fc.oneof(fc.nat(20 * kib), fc.nat(3 * blockBytes)),
    action: fc.constantFrom('write', 'writeZeroes', 'trim'),
    byte: fc.integer({ min: 1, max: 255 }),
  });
  const { volume } = sample;
  const model = Buffer.from(image);
  await fc.assert(
    fc.asyncProperty(fc.array(place, { maxLength: 10 }), async (places) => {
      for (const { offset, action, byte, ...rest } of places) {
        const length = Math.min(rest.length, image.length - offset);
        if (action === 'write') {
          await volume.write(Buffer.alloc(length, byte), offset);
          model.fill(byte, offset, offset + length);
        } else if (action === 'writeZeroes') {
          await volume.writeZeroes(offset, length);
          model.fill(0, offset, offset + length);
        } else {
          volume.trim(offset, length);
          const [first, last] = [Math.ceil(offset / 4096), Math.floor((offset + length) / 4096)];
          if (last > first) model.fill(0, first * 4096, last * 4096);
        }
      }
      assert.is(Buffer.compare(await read(volume, 0, image.length), model), 0);
    }),
    { numRuns: 30 },
  );
  assert.is(Buffer.compare(await readFile(sample.imageFile), image), 0);
});

test.run();
