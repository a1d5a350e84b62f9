// Base disk + bundle -> provisioned disk, by Packer's qemu builder.
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cached, keyOf } from '../cache/entry.ts';
import { inProject } from '../project/paths.ts';
import { runTool } from '../project/tools.ts';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import { findAccelerator } from './accelerator.ts';
import type { BaseDisk } from './base.ts';
import type { Binary } from './binaries.ts';
import type { Bundle } from './bundle.ts';
import type { PackerProgram } from './packer-find.ts';

export interface PackerInputs {
  packer: PackerProgram;
  plugin: Binary;
  base: BaseDisk;
  bundle: Bundle;
  volumeSizeGib: number;
  /** Empty folder of this build. */
  workFolder: string;
}

export interface ProvisionedDisk {
  file: string;
  accelerator: string;
  packages: { name: string; version: string }[];
  rootSizeBytes: number;
  rootUsedBytes: number;
  /** Provision step -> seconds on the build machine. */
  provisionSeconds: Record<string, number>;
}

const step = 'packer';
/** Under TCG: boot 30 s, steps 60 s on two busy cores. */
const buildTimeoutMs = 20 * 60_000;

/** A plugin folder as `packer plugins install` lays it out; Packer checks its SHA256SUM file. */
export const installPlugin = async (packer: PackerProgram, plugin: Binary): Promise<string> => {
  const key = keyOf([packer.version, plugin.sha256]);
  const entry = await cached('packer-plugins', key, async (folder) => {
    await runTool(
      packer.file,
      ['plugins', 'install', '--path', plugin.file, 'github.com/hashicorp/qemu'],
      { step, timeoutMs: 60_000, env: { PACKER_PLUGIN_PATH: folder, CHECKPOINT_DISABLE: '1' } },
    );
  });
  // The cache records contents, not modes.
  for (const name of Object.keys(entry.files))
    if (!name.endsWith('_SHA256SUM')) await chmod(path.join(entry.folder, name), 0o755);
  return entry.folder;
};

const readReport = async (folder: string) => {
  const packages = (await readFile(path.join(folder, 'packages.tsv'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as [string, string])
    .map(([name, version]) => ({ name, version }));
  const [size, used] = (await readFile(path.join(folder, 'disk.txt'), 'utf8')).trim().split(/\s+/);
  return { packages, rootSizeBytes: Number(size), rootUsedBytes: Number(used) };
};

/** What a failed provision step printed, without Packer's own prefix. */
const withoutPrefix = (text: string): string => text.replaceAll(/^.*qemu\.worker: /gm, '');

/** Runs the build; progress names the provision step that runs. Throws Failure with its tail. */
export const runPacker = async (inputs: PackerInputs, steps: Steps): Promise<ProvisionedDisk> => {
  const { packer, plugin, base, bundle, volumeSizeGib, workFolder } = inputs;
  const accelerator = await findAccelerator();
  const outputFolder = path.join(workFolder, 'disk');
  const reportFolder = path.join(workFolder, 'report');
  const keyFile = path.join(workFolder, 'ssh-key');
  await mkdir(reportFolder, { mode: 0o755 });
  await runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'packer', '-f', keyFile], {
    step,
    timeoutMs: 30_000,
  });
  const variables = {
    name: 'disk.qcow2',
    base_image: base.file,
    base_sha256: base.sha256,
    bundle_folder: bundle.folder,
    bundle_sha256: bundle.sha256,
    output_folder: outputFolder,
    report_folder: reportFolder,
    ssh_private_key_file: keyFile,
    ssh_public_key: (await readFile(`${keyFile}.pub`, 'utf8')).trim(),
    volume_size_gib: String(volumeSizeGib),
    accelerator,
    serial_log: path.join(workFolder, 'serial.log'),
  };
  const env = {
    PACKER_PLUGIN_PATH: await installPlugin(packer, plugin),
    PACKER_CACHE_DIR: path.join(workFolder, 'packer-cache'),
    PACKER_CONFIG_DIR: workFolder,
    CHECKPOINT_DISABLE: '1',
  };
  const provisionSeconds: Record<string, number> = {};
  await steps.run(
    step,
    `booting the base (${accelerator})`,
    async (running) => {
      let current: { name: string; startedMs: number } | undefined;
      const finish = () => {
        if (current)
          provisionSeconds[current.name] =
            Math.round((performance.now() - current.startedMs) / 100) / 10;
      };
      const onLine = (line: string) => {
        const name = /groundup: ([\w-]+)/.exec(line)?.[1];
        if (name === undefined) return;
        finish();
        current = { name, startedMs: performance.now() };
        running.update(`provision ${name}`);
      };
      const options = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
      const args = ['build', '-color=false', ...options, inProject('images/packer')];
      // Packer ends with this process, and QEMU with Packer: nothing runs on after a kill.
      await runTool('setpriv', ['--pdeathsig', 'TERM', packer.file, ...args], {
        step,
        timeoutMs: buildTimeoutMs,
        env,
        onLine,
      }).catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        const where = current === undefined ? 'before the first step' : `in step ${current.name}`;
        throw new Failure({
          step,
          message: `packer build failed ${where}`,
          tail: withoutPrefix(error.tail ?? ''),
          hint: 'run again with --verbose for everything that Packer prints',
          cause: error,
        });
      });
      finish();
    },
    () => `${Object.keys(provisionSeconds).length} provision steps (${accelerator})`,
  );
  await rm(keyFile, { force: true });
  const file = path.join(workFolder, 'worker.qcow2');
  await rename(path.join(outputFolder, variables.name), file);
  return { file, accelerator, provisionSeconds, ...(await readReport(reportFolder)) };
};
