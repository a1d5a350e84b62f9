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

/** More than a plan has changes; a boot that is not cut any more ends the test before. */
const cutsMax = 60;
const name = 'worker-0';

let lab: Lab;
let folder = '';
let imageFile = '';

const boot = (credentials?: Record<string, string>): Promise<WorkerStatus> =>
  lab.addWorker({
    index: 0,
    imageFile,
    // The same certificate each time, so that the files can be compared.
    hasSecret: credentials === undefined,
    ...(credentials === undefined ? {} : { credentials }),
  });

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
  const whole = await boot();
  const expected = await filesOf(lab, whole);
  assert.ok(expected.length > 10, expected.join('\n'));
  assert.match(expected.join('\n'), / 600 root \/var\/lib\/kubelet\/kubeconfig/);
  let cuts = 0;
  for (; cuts < cutsMax; cuts += 1) {
    await ask(lab.folder, 'stopWorker', { name });
    const worker = await boot({ 'groundup.cut': String(cuts) });
    const found = await awaitConsole(lab, worker, /^groundup-(?:cut: before .*|file: end)$/m);
    if (found.endsWith('end')) break;
    await ask(lab.folder, 'cutPower', { name });
    const ready = await awaitConsole(lab, worker, /^groundup: (?:Ready|NOT) .*$/m);
    console.log(`cut ${cuts} ${found.slice('groundup-cut: '.length)}: ${ready}`);
    assert.match(ready, /^groundup: Ready /);
    assert.equal(await filesOf(lab, worker), expected, found);
  }
  // Each file is made and renamed.
  assert.ok(cuts >= 2 * (expected.length - 1), `${cuts} cuts`);
  assert.ok(cuts < cutsMax, 'there was no end of cuts');
});

test.run();
