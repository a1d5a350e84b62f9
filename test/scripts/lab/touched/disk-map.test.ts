// A disk whose files are known: every page of every file has its owner, as debugfs finds it too.
import { link, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Volume } from '../../../../scripts/lab/cold-volume/volume.ts';
import { mapDisk } from '../../../../scripts/lab/touched/disk-map.ts';
import { labelOf, rangesWithin, type Range } from '../../../../scripts/lab/touched/owner.ts';
import { reportTouches } from '../../../../scripts/lab/touched/report.ts';

const timeoutMs = 60_000;
const pageBytes = 4096;
const partitionStartBytes = 1024 ** 2;
const diskBytes = 256 * 1024 ** 2;
const otherStartBytes = 224 * 1024 ** 2;

let folder = '';
let disk = '';
let map: Range[] = [];
/** Page as its first line calls it -> where it is. */
const places = new Map<string, number>();

/** Each page says which it is, so that its place on the disk can be found. */
const pagesOf = (name: string, count: number): Buffer => {
  const pages = Array.from({ length: count }, (_, index) =>
    Buffer.alloc(pageBytes, `${name} page ${index}\n`),
  );
  return Buffer.concat(pages);
};

const files: Record<string, number> = {
  '/usr/local/bin/kubelet': 3000,
  '/usr/lib/a name (with) blanks: 1..2': 3,
  '/usr/lib/layers.erofs': 500,
  '/etc/hostname': 1,
};

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-disk-map-'));
  const root = path.join(folder, 'root');
  for (const [name, count] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), pagesOf(name, count));
  }
  await link(path.join(root, 'etc/hostname'), path.join(root, 'usr/lib/hostname'));
  disk = path.join(folder, 'disk.raw');
  const handle = await open(disk, 'wx', 0o600);
  await handle.truncate(diskBytes);
  await handle.close();
  const sectors = (bytes: number) => bytes / 512;
  await execa('sfdisk', ['--quiet', disk], {
    timeout: timeoutMs,
    input: `label: dos\nstart=${sectors(partitionStartBytes)}, size=${sectors(otherStartBytes - partitionStartBytes)}, type=83\nstart=${sectors(otherStartBytes)}, type=83\n`,
  });
  const options = ['-q', '-b', String(pageBytes), '-d', root];
  const offset = ['-E', `offset=${partitionStartBytes},nodiscard`];
  const size = `${(otherStartBytes - partitionStartBytes) / 1024}k`;
  await execa('mkfs.ext4', [...options, ...offset, disk, size], { timeout: timeoutMs });
  map = await mapDisk(disk, diskBytes);
  const bytes = await readFile(disk);
  for (let at = 0; at < diskBytes; at += pageBytes) {
    const line = /^.* page \d+(?=\n)/.exec(bytes.toString('latin1', at, at + 100));
    if (line) places.set(line[0], at);
  }
});
test.after(() => rm(folder, { recursive: true }));

const ownerAt = (offsetBytes: number): string => {
  const [range] = rangesWithin(map, offsetBytes, offsetBytes + 1);
  return range === undefined ? 'nobody' : labelOf(range.owner);
};

test('the ranges cover the disk, each byte once', () => {
  let at = 0;
  for (const { startBytes, endBytes } of map) {
    assert.is(startBytes, at);
    assert.ok(endBytes > startBytes);
    at = endBytes;
  }
  assert.is(at, diskBytes);
});

test('every page of every file is where its bytes are', () => {
  for (const [name, count] of Object.entries(files)) {
    for (let page = 0; page < count; page += 1) {
      const place = places.get(`${name} page ${page}`);
      assert.ok(place !== undefined, `${name} ${page}`);
      // The file's other name is as good.
      assert.is(ownerAt(place).replace('/usr/lib/hostname', '/etc/hostname'), name);
    }
    const ranges = map.filter(({ owner }) => labelOf(owner) === name);
    const sum = ranges.reduce((total, range) => total + range.endBytes - range.startBytes, 0);
    if (name !== '/etc/hostname') assert.is(sum, count * pageBytes);
  }
});

test('debugfs names the same blocks', async () => {
  const device = `${disk}?offset=${partitionStartBytes}`;
  const { stdout } = await execa('debugfs', ['-R', 'blocks /usr/local/bin/kubelet', device], {
    timeout: timeoutMs,
  });
  const blocks = stdout.trim().split(/\s+/).map(Number);
  assert.is(blocks.length, 3000);
  for (const block of blocks)
    assert.is(ownerAt(partitionStartBytes + block * pageBytes), '/usr/local/bin/kubelet');
  for (const [where, owner] of [
    ['<8>', 'journal'],
    ['/usr/lib', '/usr/lib'],
    ['/', '/'],
  ] as const) {
    const found = await execa('debugfs', ['-R', `blocks ${where}`, device], { timeout: timeoutMs });
    for (const block of found.stdout.trim().split(/\s+/).map(Number))
      assert.is(ownerAt(partitionStartBytes + block * pageBytes), owner);
  }
});

test('what is no file has its name, too', () => {
  assert.is(ownerAt(0), 'boot sectors');
  assert.is(ownerAt(partitionStartBytes - 1), 'boot sectors');
  assert.is(ownerAt(partitionStartBytes + 1024), 'metadata');
  assert.is(ownerAt(otherStartBytes - 1), 'free space');
  assert.is(ownerAt(otherStartBytes + 5000), 'partition 2');
});

test('a read through the volume is reported as the file that it read', async () => {
  const volume = await Volume.open({ imageFile: disk, latencyMs: 0, inFlightMax: 1 });
  const place = places.get('/usr/lib/layers.erofs page 250') ?? 0;
  await volume.touchForRead(place, pageBytes);
  const { owners, touchedBlocks } = reportTouches(volume.touches, map);
  assert.is(touchedBlocks, 1);
  const [found] = owners.filter(({ name }) => name === '/usr/lib/layers.erofs');
  assert.is(found?.sizeBytes, 500 * pageBytes);
  assert.ok((found?.touchedBytes ?? 0) >= pageBytes);
  await volume.close();
});

test.run();
