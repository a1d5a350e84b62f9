// The protocol as QEMU's own tools speak it, and what they then find counted.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blockBytes } from '../../../../scripts/lab/cold-volume/model.ts';
import { dataBlocks, serveSample, type Sample } from './sample.ts';

const timeoutMs = 60_000;
let sample: Sample;

test.before.each(async () => {
  sample = await serveSample();
});
test.after.each(() => sample.close());

const tool = async (file: string, ...args: string[]): Promise<string> =>
  (await execa(file, args, { timeout: timeoutMs, stdin: 'ignore' })).stdout;

/** Runs qemu-io's commands on the volume. */
const io = (...script: string[]): Promise<string> =>
  tool('qemu-io', '-f', 'raw', ...script.flatMap((line) => ['-c', line]), sample.url);

test('qemu-img reads the very bytes of the image', async () => {
  const info = JSON.parse(await tool('qemu-img', 'info', '--output=json', sample.url)) as {
    'virtual-size': number;
  };
  assert.is(info['virtual-size'], 8 * blockBytes);
  assert.match(
    await tool('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', sample.url, sample.imageFile),
    /identical/,
  );
  const blocks = sample.volume.touches.map(({ block }) => block).toSorted((a, b) => a - b);
  assert.equal(blocks, [...dataBlocks]);
});

test('what is written, zeroed and discarded is there for the next client', async () => {
  const image = await readFile(sample.imageFile);
  await io(
    'write -P 0xab 1000 5000',
    'write -P 0xcd 3M 64k',
    'write -z 512k 512k',
    'discard 1M 512k',
    'flush',
  );
  const output = await io(
    'read -P 0x01 0 1000',
    'read -P 0xab 1000 5000',
    'read -P 0x01 6000 1000',
    'read -P 0xcd 3M 64k',
    'read -P 0x07 3136k 128k',
    'read -P 0 512k 1M',
  );
  assert.not.match(output, /Pattern verification failed/);
  assert.is(Buffer.compare(await readFile(sample.imageFile), image), 0);
  const touches = sample.volume.touches.map(({ block, kind }) => `${block} ${kind}`);
  assert.equal(touches, ['0 write', '6 write']);
});

test('many reads at once are fetched at once, within the bound', async () => {
  await sample.close();
  sample = await serveSample({ latencyMs: 50, inFlightMax: 3 });
  const reads = Array.from({ length: 16 }, (_, index) => `aio_read -q ${index * 256}k 64k`);
  await io(...reads, 'aio_flush');
  const { touchedBlocks, fetchesInFlightMax, readBytes } = sample.volume.statistics();
  assert.is(touchedBlocks, dataBlocks.length);
  assert.is(fetchesInFlightMax, 3);
  assert.is(readBytes, 16 * 64 * 1024);
});

test('nothing beyond the end', async () => {
  const result = await execa(
    'qemu-io',
    ['-f', 'raw', '-c', 'read 4M 512', '-c', 'write 4M 512', sample.url],
    { timeout: timeoutMs, reject: false, all: true },
  );
  assert.match(result.all, /read failed|Input\/output error|beyond/i);
  assert.equal(sample.volume.touches, []);
});

test('a raw copy through the volume is the image', async () => {
  const copy = path.join(sample.folder, 'copy.raw');
  await tool('qemu-img', 'convert', '-f', 'raw', '-O', 'raw', sample.url, copy);
  assert.is(Buffer.compare(await readFile(copy), await readFile(sample.imageFile)), 0);
});

test.run();
