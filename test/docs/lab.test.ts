// docs/lab.md: the errors it shows are the ones that are printed; its commands and options are the usage's.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { checkSettings } from '../../scripts/image/settings.ts';
import { vpc } from '../../scripts/lab/addresses.ts';
import { blockBytes } from '../../scripts/lab/cold-volume/model.ts';
import { readVolumeOptions } from '../../scripts/lab/volume-options.ts';
import { Volumes } from '../../scripts/lab/volumes.ts';
import { findLab, startLab } from '../../scripts/lab/start.ts';
import { labFolder, startTicksOf, writeState } from '../../scripts/lab/state.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { recordSteps } from '../fakes/steps.ts';
import { readFences } from './page.ts';

const fences = await readFences('docs/lab.md');
const shown = fences.map(({ text }) => text.trimEnd());
const before = process.env['XDG_STATE_HOME'];
let home = '';

test.before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'groundup-docs-'));
  process.env['XDG_STATE_HOME'] = home;
});
test.after(async () => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  await rm(home, { recursive: true });
});

test('no lab, and no image', async () => {
  const noLab = await failureOf(findLab('default'));
  assert.ok(shown.includes(noLab), noLab);
  const noImage = await failureOf(newestManifest(home));
  assert.ok(shown.includes(noImage), noImage);
});

test('a lab of that name runs', async () => {
  const { settings } = checkSettings('');
  assert.ok(settings);
  const startTicks = (await startTicksOf(process.pid)) ?? '';
  await mkdir(labFolder('default'), { recursive: true });
  await writeState({
    name: 'default',
    pid: process.pid,
    startTicks,
    imageFile: '/x',
    kubernetes: '1.37.1',
    kubectl: '/k',
  });
  const { steps } = recordSteps();
  const running = await failureOf(startLab({ name: 'default', settings, imageFile: '/x', steps }));
  assert.ok(shown.includes(running), running);
});

test('volumes that there are not', async () => {
  for (const [volume, latency] of [
    ['lukewarm', undefined],
    ['cold', '60ms'],
    ['warm', '60'],
  ] as const) {
    const refused = await failureOf((async () => readVolumeOptions(volume, latency))());
    assert.ok(shown.includes(refused), refused);
  }
  const warm = await failureOf((async () => new Volumes(home).touches('worker-0'))());
  assert.ok(shown.includes(warm), warm);
});

test('a cold volume is as the page says', async () => {
  assert.is(readVolumeOptions('warm', undefined), undefined);
  assert.equal(readVolumeOptions('cold', undefined), { latencyMs: 60, inFlightMax: 64 });
  assert.equal(readVolumeOptions('cold', '0'), { latencyMs: 0, inFlightMax: 64 });
  assert.is(blockBytes, 512 * 1024);
});

test('every command of the page is one that there is, and the addresses are the table’s', async () => {
  const program = inProject('scripts/lab.ts');
  const { stderr } = await execa(process.execPath, [program, '--help'], { timeout: 30_000 });
  const commands = shown.join('\n').matchAll(/^npm run lab -- (\w+)/gm);
  for (const [, command = ''] of commands)
    assert.match(stderr, new RegExp(`^ {2}${command} `, 'm'));
  const page = await readFile(inProject('docs/lab.md'), 'utf8');
  for (const address of [vpc.router, vpc.dns, vpc.secretsManager, vpc.apiServer, vpc.metadata])
    assert.ok(page.includes(`\`${address}\``), address);
});

test.run();
