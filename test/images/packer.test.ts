// The Packer templates as Packer itself sees them.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execa } from 'execa';
import { prepareBinaries } from '../../scripts/image/binaries.ts';
import { readPins } from '../../scripts/image/pins.ts';
import { readSettings } from '../../scripts/image/settings.ts';
import { installPlugin } from '../../scripts/image/packer.ts';
import { inProject } from '../../scripts/project/paths.ts';
import { recordSteps } from '../fakes/steps.ts';

const folder = inProject('images/packer');

const preparePacker = async () => {
  const { settings } = await readSettings();
  assert.ok(settings);
  const { steps } = recordSteps();
  const names = ['packer', 'packer-plugin-qemu'];
  const [packer, plugin] = await prepareBinaries({
    names,
    settings,
    pins: await readPins(),
    steps,
  });
  assert.ok(packer && plugin);
  const env = { PACKER_PLUGIN_PATH: await installPlugin(packer, plugin), CHECKPOINT_DISABLE: '1' };
  return (...args: string[]) =>
    execa(packer.file, args, { env, all: true, reject: false, timeout: 60_000 });
};

const packer = await preparePacker();

test('packer fmt changes nothing', async () => {
  const { exitCode, all } = await packer('fmt', '-check', '-diff', folder);
  assert.is(exitCode, 0, all);
});

test('packer init finds every plugin that the templates ask for', async () => {
  const { exitCode, all } = await packer('init', folder);
  assert.is(exitCode, 0, all);
});

test('packer validate accepts the templates with the variables that a build gives', async () => {
  const keyFolder = await mkdtemp(path.join(tmpdir(), 'groundup-packer-'));
  const keyFile = path.join(keyFolder, 'ssh-key');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile]);
  const values = {
    name: 'disk.qcow2',
    base_image: '/dev/null',
    base_sha256: '0'.repeat(64),
    bundle_folder: folder,
    bundle_sha256: '0'.repeat(64),
    output_folder: '/tmp/groundup-validate',
    report_folder: '/tmp/groundup-validate',
    ssh_private_key_file: keyFile,
    ssh_public_key: await readFile(`${keyFile}.pub`, 'utf8'),
    volume_size_gib: '2',
    accelerator: 'tcg',
    serial_log: '/dev/null',
  };
  const options = Object.entries(values).map(([name, value]) => `-var=${name}=${value}`);
  const { exitCode, all } = await packer('validate', ...options, folder);
  assert.is(exitCode, 0, all);
  const wrong = await packer('validate', ...options, '-var=accelerator=xen', folder);
  assert.is.not(wrong.exitCode, 0);
  await rm(keyFolder, { recursive: true });
});

test.run();
