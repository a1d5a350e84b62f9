// The provisioning bundle: the same inputs give the same bytes, and a template changes nothing else.
import { appendFile, chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareBundle, type BundleInputs } from '../../../scripts/image/bundle.ts';
import { checkSettings } from '../../../scripts/image/settings.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { recordSteps } from '../../fakes/steps.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const cache = await useTemporaryCache();
test.after(() => cache.remove());

const inputsWith = async (settingsText = ''): Promise<BundleInputs> => {
  const { settings } = checkSettings(settingsText);
  assert.ok(settings);
  const file = path.join(cache.folder, 'programs.erofs');
  await writeFile(file, 'a file system', { mode: 0o600 });
  const links = { '/usr/local/bin/kubelet': '/usr/lib/groundup/programs/boot/kubelet' };
  const programs = { file, sha256: 'p', sizeBytes: 13, cached: true, links };
  return { settings, programs, containerImages: [] };
};

const prepare = async (settingsText?: string) =>
  prepareBundle(await inputsWith(settingsText), recordSteps().steps);

test('two builds from the same inputs are the same bytes', async () => {
  const first = await prepare();
  assert.is((await prepare()).cached, true);
  const umask = process.umask(0o077);
  try {
    process.env['XDG_CACHE_HOME'] = path.join(cache.folder, 'second');
    const second = await prepare();
    assert.is(second.cached, false);
    assert.is(second.sha256, first.sha256);
  } finally {
    process.umask(umask);
    process.env['XDG_CACHE_HOME'] = cache.folder;
  }
});

test('owners, modes and settings in the bundle', async () => {
  const { folder } = await prepare('cluster: prod\npackages: [htop]\nkube-proxy-mode: iptables\n');
  const tar = path.join(folder, 'bundle.tar');
  const { stdout } = await execa('tar', ['--list', '--verbose', '--numeric-owner', '--file', tar]);
  const lines = stdout.split('\n');
  for (const line of lines) assert.match(line, / 0\/0 .* 1970-01-01 00:00 /);
  const modeOf = (name: string) => lines.find((line) => line.endsWith(` ${name}`))?.slice(0, 10);
  const kubelet = './rootfs/usr/local/bin/kubelet -> /usr/lib/groundup/programs/boot/kubelet';
  assert.ok(lines.some((line) => line.endsWith(` ${kubelet}`)));
  assert.is(modeOf('./rootfs/usr/lib/groundup/programs.erofs'), '-rw-r--r--');
  assert.is(modeOf('./rootfs/usr/lib/groundup/agent.mjs'), '-rw-r--r--');
  assert.is(modeOf('./rootfs/usr/lib/groundup/ready.mjs'), '-rw-r--r--');
  assert.is(modeOf('./provision/10-unpack.sh'), '-rwxr-xr-x');
  const read = async (name: string) =>
    (await execa('tar', ['--extract', '--to-stdout', '--file', tar, name])).stdout;
  assert.is(await read('./extra-packages.txt'), 'htop\niptables');
  const settings = JSON.parse(await read('./rootfs/etc/groundup/settings.json')) as object;
  assert.equal((settings as Record<string, string>)['cluster'], 'prod');
});

test('a changed template makes another bundle, but no other binary and no other base', async () => {
  // A copy of what a build reads, with the packages of this checkout.
  const copy = path.join(cache.folder, 'checkout');
  await mkdir(copy);
  for (const name of ['cloud-init', 'images', 'scripts', 'package.json', 'package-lock.json'])
    await cp(inProject(name), path.join(copy, name), { recursive: true });
  await execa('ln', ['--symbolic', inProject('node_modules'), path.join(copy, 'node_modules')]);
  const program = path.join(copy, 'keys.ts');
  await writeFile(
    program,
    `import { prepareBase } from './scripts/image/base.ts';
     import { prepareBundle } from './scripts/image/bundle.ts';
     import { checkSettings } from './scripts/image/settings.ts';
     import { createSteps } from './scripts/terminal/steps.ts';
     const { settings } = checkSettings('');
     const steps = createSteps({ write: () => true });
     const programs = { file: '/dev/null', sha256: '', sizeBytes: 0, cached: true, links: {} };
     const bundle = await prepareBundle({ settings, programs, containerImages: [] }, steps);
     const base = await prepareBase('amd64').catch((error) => error.step);
     console.log(JSON.stringify({ bundle: bundle.sha256, base }));`,
  );
  // mmdebstrap is not to run here: with it out of the way, a known base is the only base.
  const tools = path.join(cache.folder, 'tools');
  await mkdir(tools);
  await writeFile(path.join(tools, 'mmdebstrap'), '#!/bin/sh\nexit 9\n');
  await chmod(path.join(tools, 'mmdebstrap'), 0o755);
  const keys = async () => {
    const { stdout } = await execa(process.execPath, [program], {
      cwd: copy,
      env: { PATH: `${tools}:${process.env['PATH']}` },
    });
    return JSON.parse(stdout) as { bundle: string; base: unknown };
  };
  const before = await keys();
  assert.is(before.base, 'base', 'an empty cache has no base');
  const template = path.join(copy, 'cloud-init/templates/kubelet-config.yaml.mustache');
  await appendFile(template, '# changed\n');
  assert.is.not((await keys()).bundle, before.bundle);
  const bases = path.join(cache.folder, 'groundup/base');
  assert.equal(await readdir(bases).catch(() => []), []);
});

test.run();
