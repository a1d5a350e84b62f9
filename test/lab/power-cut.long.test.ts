// The power of a machine cut before each change that a first boot makes to its disk; then it boots
// again. Always Ready, every file whole and with its mode, nothing half-made left.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { ask, type WorkerStatus } from '../../scripts/lab/protocol.ts';
import { startLab } from '../../scripts/lab/start.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { awaitConsole, filesOf } from './machine/console.ts';
import { makeTestImage } from './machine/image.ts';

/** Long enough to see the line on the console and to copy the disk. */
const pauseMs = 6000;
/** More than a plan has changes. */
const cutsMax = 60;
const name = 'worker-0';

let lab: Lab;
let folder = '';
let imageFile = '';

const boot = (disk: string, credentials: Record<string, string> = {}): Promise<WorkerStatus> =>
  lab.addWorker({
    index: 0,
    imageFile: disk,
    // The same certificate each time, so that the files can be compared.
    hasSecret: false,
    credentials,
  });

interface Cut {
  /** `before create /var/lib/…` */
  where: string;
  disk: string;
}

/**
 * One first boot, from which the disk is taken before each of its changes, as a power cut would leave it:
 * QEMU stands still while its file is copied.
 */
const takeDisks = async (): Promise<Cut[]> => {
  const worker = await boot(imageFile, { 'groundup.cut': String(pauseMs) });
  const cuts: Cut[] = [];
  for (let count = 0; count < cutsMax; count += 1) {
    const next = new RegExp(`^groundup-(?:cut: ${count} before .*|file: end)$`, 'm');
    const found = await awaitConsole(lab, worker, next);
    if (found.endsWith('end')) break;
    const disk = path.join(folder, `cut-${count}.qcow2`);
    await ask(lab.folder, 'copyDisk', { name, file: disk });
    const console = await lab.consoleOf(worker);
    assert.not.match(console, `groundup-cut: ${count + 1} `, 'the agent did not wait');
    cuts.push({ where: found.replace(/^groundup-cut: \d+ /, ''), disk });
  }
  await ask(lab.folder, 'stopWorker', { name });
  return cuts;
};

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-power-cut-'));
  const { settings, image } = await newestManifest(outputFolder);
  imageFile = await makeTestImage(path.join(outputFolder, image), folder);
  const steps = createSteps();
  ({ lab } = await startLab({ name: `test-${process.pid}`, settings, imageFile, steps }));
});

test.after(async () => {
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('cut before every change of the disk, a node is Ready after the next boot', async () => {
  // The first asks for the certificate that all others have.
  const whole = await lab.addWorker({ index: 0, imageFile });
  const expected = await filesOf(lab, whole);
  assert.ok(expected.length > 10, expected.join('\n'));
  assert.match(expected.join('\n'), / 600 root \/var\/lib\/kubelet\/kubeconfig/);
  await ask(lab.folder, 'stopWorker', { name });
  const cuts = await takeDisks();
  // Each file is made and renamed.
  assert.ok(cuts.length >= 2 * (expected.length - 1), `${cuts.length} cuts`);
  assert.ok(cuts.length < cutsMax, 'there was no end of cuts');
  for (const [count, { where, disk }] of cuts.entries()) {
    const worker = await boot(disk);
    const ready = await awaitConsole(lab, worker, /^groundup: (?:Ready|NOT) .*$/m);
    console.log(`cut ${count} ${where}: ${ready}`);
    assert.match(ready, /^groundup: Ready /);
    assert.equal(await filesOf(lab, worker), expected, where);
    await ask(lab.folder, 'stopWorker', { name });
    await rm(disk);
  }
});

test.run();
