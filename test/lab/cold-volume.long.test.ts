// One machine on a cold volume: a sequential read is as slow as others report of EBS, many at once are
// not, the list of what was touched is right, and a power cut takes nothing away.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { blockBytes, coldVolume } from '../../scripts/lab/cold-volume/model.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { ask, type WorkerStatus } from '../../scripts/lab/protocol.ts';
import { bootWorkers, startLab } from '../../scripts/lab/start.ts';
import { readTouched } from '../../scripts/lab/touched/command.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { runTool } from '../../scripts/project/tools.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { partitionStart } from './machine/image.ts';

/** As large as the kubelet whose first start took others 13 to 16 s. */
const fileBytes = 115e6;
const loginTimeoutMs = 600_000;
const files = {
  small: '/var/lib/cold/read-in-small-pieces',
  large: '/var/lib/cold/read-in-large-pieces',
  parallel: '/var/lib/cold/read-at-once',
  untouched: '/var/lib/cold/untouched',
};
const name = 'worker-0';

let lab: Lab;
let folder = '';
let worker: WorkerStatus;

const run = (file: string, ...args: string[]): Promise<string> =>
  runTool(file, args, { step: 'test image', timeoutMs: 120_000 });

const makeImage = async (builtImage: string): Promise<string> => {
  const disk = path.join(folder, 'cold.raw');
  const root = path.join(folder, 'root');
  await run('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', builtImage, disk);
  const random = path.join(folder, 'random');
  await run('dd', 'if=/dev/urandom', `of=${random}`, 'bs=50000', `count=${fileBytes / 50_000}`);
  await mkdir(root);
  await run('mount', '-o', `loop,offset=${await partitionStart(disk)}`, disk, root);
  try {
    await mkdir(path.join(root, 'var/lib/cold'), { mode: 0o755 });
    for (const file of Object.values(files)) await copyFile(random, path.join(root, file));
  } finally {
    await run('umount', root);
  }
  return disk;
};

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-cold-'));
  const { settings, image } = await newestManifest(outputFolder);
  const imageFile = await makeImage(path.join(outputFolder, image));
  const steps = createSteps();
  ({ lab } = await startLab({ name: `test-${process.pid}`, settings, imageFile, steps }));
  [worker = worker] = await bootWorkers(lab, [{ index: 0, imageFile, volume: coldVolume }], steps);
  await awaitCloudInit();
});

test.after(async () => {
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

const onWorker = async (script: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await lab.ssh(worker.address, script, 120_000);
  assert.is(exitCode, 0, stderr);
  return stdout;
};

/** A node is Ready before cloud-init has made the login, and reads its volume until then. */
const awaitCloudInit = async (): Promise<void> => {
  const endMs = performance.now() + loginTimeoutMs;
  const script = 'systemctl is-active groundup-cloud-init.service';
  while ((await lab.ssh(worker.address, script, 60_000)).stdout.trim() !== 'active') {
    assert.ok(performance.now() < endMs, 'no login');
    await sleep(2000);
  }
};

/** Seconds on the worker's own clock. */
const secondsOf = async (script: string): Promise<number> => {
  const clock = 'cut -d " " -f 1 /proc/uptime';
  const [start = '', end = ''] = (await onWorker(`${clock}\n${script}\n${clock}`)).split('\n');
  return Number(end) - Number(start);
};

const read = (file: string, size: string) => `dd if=${file} of=/dev/null bs=${size} status=none`;
const statistics = () => ask(lab.folder, 'volumeStatistics', { name });
const shown = (seconds: number) => `${seconds.toFixed(1)} s`;

test('a sequential read with the default read-ahead takes as long as reported', async () => {
  assert.is((await onWorker('cat /sys/block/nvme0n1/queue/read_ahead_kb')).trim(), '128');
  const before = await statistics();
  const cold = await secondsOf(read(files.small, '128k'));
  const touched = (await statistics()).touchedBlocks - before.touchedBlocks;
  // Only this file leaves the cache: who runs need not read its programs again.
  await onWorker(`dd if=${files.small} iflag=nocache count=0 status=none`);
  const warm = await secondsOf(read(files.small, '128k'));
  console.log(`# 115 MB in 128 KiB: cold ${shown(cold)}, warm ${shown(warm)}, ${touched} blocks`);
  assert.ok(touched >= Math.floor(fileBytes / blockBytes), `${touched} blocks`);
  assert.ok(cold >= 13, shown(cold));
  // What a busy machine adds, it adds to the warm read as well.
  assert.ok(cold - warm <= 16, `${shown(cold)}, warm ${shown(warm)}`);
});

test('larger pieces are read ahead further, and many at once are fetched at once', async () => {
  const large = await secondsOf(read(files.large, '1M'));
  // Past the page cache all of a piece is asked for at once.
  const parallel = await secondsOf(`${read(files.parallel, '16M')} iflag=direct`);
  const { fetchesInFlightMax } = await statistics();
  console.log(`# in 1 MiB ${shown(large)}, 16 MiB at once ${shown(parallel)}`);
  console.log(`# ${fetchesInFlightMax} blocks at once`);
  assert.ok(fetchesInFlightMax >= 12, `${fetchesInFlightMax} at once`);
  assert.ok(parallel < 6, shown(parallel));
});

test('the list says which files were read, and which were not', async () => {
  const { owners, touchedBlocks, blocks } = await readTouched(lab, name);
  const found = (file: string) => owners.find((owner) => owner.name === file);
  for (const file of [files.small, files.large, files.parallel]) {
    const { touchedBytes, sizeBytes } = found(file) ?? { touchedBytes: 0, sizeBytes: 0 };
    assert.is(sizeBytes, Math.ceil(fileBytes / 4096) * 4096);
    assert.is(touchedBytes, sizeBytes);
  }
  // Its first and last block may hold something else.
  assert.ok((found(files.untouched)?.touchedBytes ?? 0) < 8 * blockBytes);
  assert.is(blocks.length, touchedBlocks);
  assert.is(
    blocks[0]?.parts.some(({ kind }) => kind === 'boot sectors'),
    true,
  );
  console.log(`# ${touchedBlocks} blocks, first ${blocks[0]?.ms} ms`);
});

test('a power cut leaves what was written, and what was fetched', async () => {
  await onWorker('echo written >/var/lib/cold/written; sync');
  const before = await statistics();
  await ask(lab.folder, 'cutPower', { name });
  await awaitCloudInit();
  const after = await statistics();
  console.log(`# second boot: ${after.touchedBlocks - before.touchedBlocks} blocks more`);
  assert.ok(after.touchedBlocks - before.touchedBlocks < 100);
  assert.is((await onWorker('cat /var/lib/cold/written')).trim(), 'written');
});

test.run();
