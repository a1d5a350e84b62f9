// Faults that need a machine: its disk, its clock, its cable. What its console says, and that the next
// boot without the fault makes the node as if nothing had been.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { ask, type WorkerRequest } from '../../scripts/lab/protocol.ts';
import { startLab } from '../../scripts/lab/start.ts';
import { outputFolder } from '../../scripts/project/paths.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { awaitConsole, filesOf } from './machine/console.ts';
import { makeTestImage } from './machine/image.ts';

const name = 'worker-0';
const faults: { what: string; request: Partial<WorkerRequest>; says: RegExp }[] = [
  {
    what: 'the disk is full',
    request: { credentials: { 'groundup.fault': 'disk-full' } },
    says: /^NOT configured: \/\S+: No space left on device; nothing was written$/,
  },
  {
    what: 'the file system is read-only',
    request: { credentials: { 'groundup.fault': 'read-only' } },
    says: /^NOT configured: \/\S+: Read-only file system; nothing was written$/,
  },
  {
    what: 'the clock is years behind',
    request: { credentials: { 'groundup.fault': 'clock-behind' } },
    says: /^NOT configured: the clock of this node is wrong, it says 2001-01-01T\S+: .*; nothing was written$/,
  },
  {
    what: 'nothing gives it an address',
    request: { isUnplugged: true },
    says: /^NOT configured: no IPv4 address after 60 s: is there DHCP\?; nothing was written$/,
  },
];

let lab: Lab;
let folder = '';
let imageFile = '';
let expected: string[] = [];

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'groundup-machine-'));
  const { settings, image } = await newestManifest(outputFolder);
  imageFile = await makeTestImage(path.join(outputFolder, image), folder);
  const steps = createSteps();
  ({ lab } = await startLab({ name: `test-${process.pid}`, settings, imageFile, steps }));
  const whole = await lab.addWorker({ index: 0, imageFile });
  expected = await filesOf(lab, whole);
  await ask(lab.folder, 'stopWorker', { name });
});

test.after(async () => {
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

for (const { what, request, says } of faults)
  test(what, async () => {
    const worker = await lab.addWorker({ index: 0, imageFile, hasSecret: false, ...request });
    try {
      const said = await awaitConsole(lab, worker, /^groundup: (?:NOT|Ready) .*$/m);
      assert.match(said.replace('groundup: ', ''), says);
      await ask(lab.folder, 'cutPower', { name });
      const next = await awaitConsole(lab, worker, /^groundup: (?:NOT|Ready) .*$/m);
      assert.match(next, /^groundup: Ready /);
      assert.equal(await filesOf(lab, worker), expected);
    } finally {
      await ask(lab.folder, 'stopWorker', { name });
    }
  });

test('the compressed file system of Debian has nothing in it: a boot reads the plain files', async () => {
  const { image } = await newestManifest(outputFolder);
  const emptied = ['usr/lib/groundup/system.erofs'];
  const spoilt = await makeTestImage(path.join(outputFolder, image), folder, emptied);
  const worker = await lab.addWorker({ index: 0, imageFile: spoilt, hasSecret: false });
  try {
    await awaitConsole(lab, worker, /^groundup: Ready /m);
    assert.equal(await filesOf(lab, worker), expected);
    assert.match(await lab.consoleOf(worker), /groundup: system\.erofs cannot be mounted/);
  } finally {
    await ask(lab.folder, 'stopWorker', { name });
  }
});

test.run();
