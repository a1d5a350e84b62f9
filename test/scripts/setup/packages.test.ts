// Debian packages: what is missing is installed in one go and named; where it can't be, the command.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  compilerPackages,
  imagePackages,
  labPackages,
  packageTable,
  testPackages,
  type PackageName,
} from '../../../scripts/setup/packages-table.ts';
import {
  ensurePackages,
  missingPackages,
  type PackageHost,
} from '../../../scripts/setup/packages.ts';
import { Failure } from '../../../scripts/terminal/failure.ts';
import { formatFailure } from '../../../scripts/terminal/steps.ts';
import { recordSteps } from '../../fakes/steps.ts';

const root = await mkdtemp(path.join(tmpdir(), 'groundup-root-'));

const put = async (name: string, text = ''): Promise<void> => {
  const file = path.join(root, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
};

/** A machine whose apt-get really puts files where the probes look. */
const machine = (options: { userId?: number; canSudo?: boolean; failures?: number } = {}) => {
  const { userId = 0, canSudo = false } = options;
  let failures = options.failures ?? 0;
  const commands: string[] = [];
  const host: PackageHost = {
    root,
    userId,
    run: async (file, args) => {
      commands.push([file, ...args].join(' '));
      if (file === 'sudo' && args[1] === 'true' && !canSudo)
        throw new Error('a password is needed');
      if (!args.includes('install')) return;
      if (failures > 0) {
        failures -= 1;
        throw new Failure({ step: 'packages', message: 'E: 404 Not Found' });
      }
      for (const arg of args) {
        if (arg in packageTable) await put(packageTable[arg as PackageName].probes[0]);
      }
    },
  };
  return { host, commands };
};

test.before.each(async () => {
  await rm(root, { recursive: true, force: true });
  await put('etc/os-release', 'PRETTY_NAME="Debian"\nID=debian\n');
  await put('var/lib/apt/lists/deb.example_debian_dists_trixie_main_binary-amd64_Packages');
});
test.after(async () => {
  await rm(root, { recursive: true, force: true });
});

test('nothing missing: nothing is run and nothing is said', async () => {
  for (const name of imagePackages) await put(packageTable[name].probes[0]);
  const { host, commands } = machine({ userId: 1000 });
  const { steps, lines } = recordSteps();
  await ensurePackages(steps, imagePackages, host);
  assert.equal([commands, lines], [[], []]);
});

test('missing packages: one apt-get, one line with the reasons', async () => {
  await put('usr/bin/curl');
  const { host, commands } = machine();
  const { steps, lines } = recordSteps();
  await ensurePackages(steps, ['mmdebstrap', 'curl', 'gcc', 'libc6-dev'], host);
  assert.equal(commands, [
    'apt-get install --yes --no-install-recommends mmdebstrap gcc libc6-dev',
  ]);
  assert.equal(lines, [
    'packages   installed mmdebstrap, gcc, libc6-dev: to make the base image, compile runc and the pause program',
  ]);
});

test('no package lists: apt-get update first', async () => {
  await rm(path.join(root, 'var/lib/apt/lists'), { recursive: true });
  const { host, commands } = machine();
  await ensurePackages(recordSteps().steps, ['fdisk'], host);
  assert.equal(commands, ['apt-get update', 'apt-get install --yes --no-install-recommends fdisk']);
});

test('old package lists: apt-get update after a failure, then once more', async () => {
  const { host, commands } = machine({ failures: 1 });
  await ensurePackages(recordSteps().steps, ['fdisk'], host);
  assert.equal(commands, [
    'apt-get install --yes --no-install-recommends fdisk',
    'apt-get update',
    'apt-get install --yes --no-install-recommends fdisk',
  ]);
});

test('a user with sudo', async () => {
  const { host, commands } = machine({ userId: 1000, canSudo: true });
  await ensurePackages(recordSteps().steps, ['fdisk'], host);
  assert.equal(commands, [
    'sudo -n true',
    'sudo -n apt-get install --yes --no-install-recommends fdisk',
  ]);
});

const refusals: [name: string, release: string, userId: number, expected: string][] = [
  [
    'no root',
    'ID=debian\n',
    1000,
    `packages   missing: fdisk, qemu-utils (to partition the disk image, convert disk images); neither root nor sudo without a password
           hint: apt-get install --yes --no-install-recommends fdisk qemu-utils`,
  ],
  [
    'another system',
    'ID=fedora\n',
    0,
    `packages   missing: fdisk, qemu-utils (to partition the disk image, convert disk images); this is no Debian system, so the names may differ
           hint: apt-get install --yes --no-install-recommends fdisk qemu-utils`,
  ],
];

for (const [name, release, userId, expected] of refusals) {
  test(`refused: ${name}`, async () => {
    await put('etc/os-release', release);
    const { host, commands } = machine({ userId });
    try {
      await ensurePackages(recordSteps().steps, ['fdisk', 'qemu-utils'], host);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, Failure);
      assert.is(formatFailure(error as Failure), expected);
    }
    assert.not.ok(commands.some((command) => command.includes('install')));
  });
}

test('Ubuntu counts as Debian', async () => {
  await put('etc/os-release', 'ID=ubuntu\nID_LIKE=debian\n');
  const { host } = machine();
  await ensurePackages(recordSteps().steps, ['fdisk'], host);
});

test('all probes of this machine together are cheap', async () => {
  const all = [...imagePackages, ...compilerPackages, ...labPackages, ...testPackages];
  await missingPackages(all);
  const startedMs = performance.now();
  await missingPackages(all);
  // Far above the usual 1 to 3 ms, far below one dpkg-query per package.
  assert.ok(performance.now() - startedMs < 100);
});

test.run();
