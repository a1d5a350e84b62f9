// What a killed lab leaves behind is one folder, and the next command takes it away.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  labFolder,
  labsFolder,
  readRunning,
  startTicksOf,
  sweepStopped,
  writeState,
  type LabState,
} from '../../../scripts/lab/state.ts';

const deadPid = 2 ** 22 - 1;
const before = process.env['XDG_STATE_HOME'];
let home = '';

test.before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'groundup-state-'));
  process.env['XDG_STATE_HOME'] = home;
});
test.after(async () => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  await rm(home, { recursive: true });
});

const makeLab = async (name: string, pid: number, startTicks: string): Promise<void> => {
  await mkdir(labFolder(name), { recursive: true });
  const state: LabState = {
    name,
    pid,
    startTicks,
    imageFile: '/x',
    kubernetes: '1.37.1',
    kubectl: '/k',
  };
  await writeState(state);
};

test('a lab runs while its process does, and not when its number went to another', async () => {
  const ticks = (await startTicksOf(process.pid)) ?? '';
  assert.match(ticks, /^\d+$/);
  await makeLab('running', process.pid, ticks);
  await makeLab('dead', deadPid, '1');
  await makeLab('other', process.pid, '1');
  assert.is((await readRunning('running'))?.name, 'running');
  assert.is(await readRunning('dead'), undefined);
  assert.is(await readRunning('other'), undefined);
  assert.is(await readRunning('never'), undefined);
});

test('sweeping takes what is dead and leaves what runs or starts', async () => {
  await mkdir(labFolder('starting'));
  await writeFile(path.join(labFolder('starting'), 'owner'), String(process.pid));
  await mkdir(labFolder('killed-while-starting'));
  await writeFile(path.join(labFolder('killed-while-starting'), 'owner'), String(deadPid));
  await sweepStopped();
  assert.equal((await readdir(labsFolder())).toSorted(), ['running', 'starting']);
});

test.run();
