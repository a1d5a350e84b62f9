// Programs from all three sources with the same result; sources fall back, wrong files are refused.
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareBinaries, type Binary } from '../../../scripts/image/binaries.ts';
import { hostArch } from '../../../scripts/image/binary-request.ts';
import { readPins, type Pins } from '../../../scripts/image/pins.ts';
import type { BinarySetting } from '../../../scripts/image/settings.ts';
import { failureOf } from '../../fakes/failure-of.ts';
import { closedBase, startReleaseHost, type ReleaseHost } from '../../fakes/release-host.ts';
import { recordSteps } from '../../fakes/steps.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const cache = await useTemporaryCache();
const arch = hostArch();
const committed = await readPins();

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const program = (says: string): Buffer => Buffer.from(`#!/bin/sh\necho '${says}'\n`);

const archiveOf = async (files: Record<string, Buffer>): Promise<Buffer> => {
  const folder = await mkdtemp(path.join(cache.folder, 'archive-'));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o755 });
  }
  const archive = `${folder}.tar.gz`;
  await execa('tar', ['-czf', archive, '-C', folder, '.']);
  return readFile(archive);
};

const kubelet = program('Kubernetes v1.37.1');
const containerd = await archiveOf({
  'bin/containerd': program('containerd github.com/containerd/containerd/v2 v2.3.6 abc'),
  'bin/ctr': program('ctr github.com/containerd/containerd/v2 v2.3.6'),
});
const kubeletPath = `/release/v1.37.1/bin/linux/${arch}/kubelet`;
const containerdPath = `/containerd/containerd/releases/download/v2.3.6/containerd-2.3.6-linux-${arch}.tar.gz`;

/** The committed pins, with the sha256 of what this test serves. */
const pinsFor = (files: { kubelet?: Buffer; containerd?: Buffer } = {}): Pins => {
  const pins = structuredClone(committed);
  pins.kubernetes['1.37.1']!.kubelet[arch] = sha256Of(files.kubelet ?? kubelet);
  pins.containerd['2.3.6']![arch] = sha256Of(files.containerd ?? containerd);
  return pins;
};

let host: ReleaseHost;
const prepare = async (
  names: string[],
  options: { binaries?: BinarySetting; pins?: Pins; base?: string } = {},
): Promise<{ binaries: Binary[]; lines: string[] }> => {
  const { binaries = 'release', pins = pinsFor(), base = host.base } = options;
  const { steps, lines } = recordSteps();
  const settings = { kubernetes: '1.37.1', arch, binaries };
  const hostBases = { 'dl.k8s.io': base, 'github.com': base };
  return { binaries: await prepareBinaries({ names, settings, pins, steps, hostBases }), lines };
};

const entries = async (): Promise<string[]> =>
  readdir(path.join(cache.folder, 'groundup/binaries')).catch(() => []);

test.before.each(async () => {
  await rm(path.join(cache.folder, 'groundup'), { recursive: true, force: true });
  host = await startReleaseHost({ [kubeletPath]: kubelet, [containerdPath]: containerd });
});
test.after.each(async () => {
  await host.close();
});
test.after(async () => {
  await cache.remove();
});

test('release: programs and archives are fetched once, checked, asked and recorded', async () => {
  const { binaries, lines } = await prepare(['kubelet', 'containerd', 'ctr']);
  assert.equal(
    binaries.map(({ name, version, source, installPath, cached }) => ({
      name,
      version,
      source,
      installPath,
      cached,
    })),
    ['kubelet', 'containerd', 'ctr'].map((name) => ({
      name,
      version: name === 'kubelet' ? '1.37.1' : '2.3.6',
      source: 'release',
      installPath: `/usr/local/bin/${name}`,
      cached: false,
    })),
  );
  const [first] = binaries;
  assert.is(first?.sha256, sha256Of(kubelet));
  assert.is(first?.sizeBytes, kubelet.length);
  assert.equal(await readFile(first?.file ?? ''), kubelet);
  assert.is((await stat(first?.file ?? '')).mode & 0o777, 0o755);
  assert.equal(lines, [
    `binaries   kubelet 1.37.1 ${arch} downloaded`,
    `binaries   containerd 2.3.6 ${arch} downloaded`,
    `binaries   ctr 2.3.6 ${arch} downloaded`,
    lines[3],
  ]);
  assert.match(lines[3] ?? '', /^binaries {3}3 files: 3 downloaded +(?:kubelet|containerd|ctr)$/);
  // Side by side: the answers come in any order.
  assert.equal(host.asked.toSorted(), [kubeletPath, containerdPath].toSorted());

  const again = await prepare(['kubelet', 'containerd', 'ctr'], { base: await closedBase() });
  assert.equal(again.lines, ['binaries   3 files: 3 cached']);
  assert.ok(again.binaries.every(({ cached }) => cached));
});

test('release: wrong checksum, in the exact words; nothing is kept', async () => {
  const pins = pinsFor({ containerd: Buffer.from('another release') });
  const want = sha256Of(Buffer.from('another release'));
  const got = sha256Of(containerd);
  assert.is(
    await failureOf(prepare(['containerd'], { pins })),
    `binaries   containerd 2.3.6 ${arch}: sha256 does not match images/pins.yaml
           want ${want.slice(0, 8)}…${want.slice(-6)}   got ${got.slice(0, 8)}…${got.slice(-6)}   from github.com, deleted
           hint: run again; if it repeats, the download is not the release that was pinned: npm run pins -- verify containerd`,
  );
  assert.equal(await entries(), []);
});

test('release: the program says another version than pinned', async () => {
  const wrong = program('Kubernetes v1.37.0');
  host.routes.set(kubeletPath, wrong);
  assert.is(
    await failureOf(prepare(['kubelet'], { pins: pinsFor({ kubelet: wrong }) })),
    `binaries   kubelet 1.37.1 ${arch}: the program says version 1.37.0
           Kubernetes v1.37.0
           hint: it is not what images/pins.yaml names: npm run pins -- verify kubernetes`,
  );
  assert.equal(await entries(), []);
});

test('release: an archive without the program', async () => {
  const empty = await archiveOf({ 'bin/other': program('x') });
  host.routes.set(containerdPath, empty);
  assert.is(
    await failureOf(prepare(['containerd'], { pins: pinsFor({ containerd: empty }) })),
    `binaries   containerd 2.3.6 ${arch}: containerd-2.3.6-linux-${arch}.tar.gz has no bin/containerd`,
  );
  assert.equal(await entries(), []);
});

test('release: a host that does not answer names the ways out', async () => {
  assert.is(
    await failureOf(prepare(['kubelet'], { base: await closedBase() })),
    `binaries   kubelet 1.37.1 ${arch}: dl.k8s.io: no connection
           hint: set binaries: auto or modules in images/worker.yaml to build from Go modules, or directory:/path for a mirror`,
  );
});

test('a corrupt entry of the cache is thrown away and made again', async () => {
  const { binaries } = await prepare(['kubelet']);
  const file = binaries[0]?.file ?? '';
  await writeFile(file, kubelet.toString().replace('1.37.1', '1.37.9'), { mode: 0o755 });
  const again = await prepare(['kubelet']);
  assert.equal(again.lines.slice(0, 2), [
    `binaries   kubelet 1.37.1 ${arch} downloaded`,
    'binaries   the cached kubelet: sha256 differs; it was made again',
  ]);
  assert.equal(await readFile(again.binaries[0]?.file ?? ''), kubelet);
});

test('directory: a mirror by path, a flat one, the same bytes as the release', async () => {
  const mirror = await mkdtemp(path.join(cache.folder, 'mirror-'));
  const byPath = path.join(mirror, 'dl.k8s.io', kubeletPath);
  await mkdir(path.dirname(byPath), { recursive: true });
  await writeFile(byPath, kubelet, { mode: 0o644 });
  await writeFile(path.join(mirror, path.basename(containerdPath)), containerd, { mode: 0o644 });
  const { binaries, lines } = await prepare(['kubelet', 'ctr'], {
    binaries: `directory:${mirror}`,
  });
  assert.equal(
    binaries.map(({ source, sha256 }) => [source, sha256]),
    [
      ['directory', sha256Of(kubelet)],
      ['directory', sha256Of(program('ctr github.com/containerd/containerd/v2 v2.3.6'))],
    ],
  );
  assert.match(lines.at(-1) ?? '', /^binaries {3}2 files: 2 from the mirror/);
  assert.equal(host.asked, []);
});

test('directory: a missing and a wrong file', async () => {
  const mirror = await mkdtemp(path.join(cache.folder, 'mirror-'));
  const binaries = `directory:${mirror}` as const;
  assert.is(
    await failureOf(prepare(['kubelet'], { binaries })),
    `binaries   kubelet 1.37.1 ${arch}: not in the mirror ${mirror}
           neither ${mirror}/dl.k8s.io${kubeletPath}
           nor     ${mirror}/kubelet
           hint: npm run pins -- urls | wget --force-directories --input-file=- fills a mirror`,
  );
  await writeFile(path.join(mirror, 'kubelet'), 'wrong', { mode: 0o644 });
  const [want, got] = [sha256Of(kubelet), sha256Of(Buffer.from('wrong'))];
  assert.is(
    await failureOf(prepare(['kubelet'], { binaries })),
    `binaries   kubelet 1.37.1 ${arch}: sha256 does not match images/pins.yaml
           want ${want.slice(0, 8)}…${want.slice(-6)}   got ${got.slice(0, 8)}…${got.slice(-6)}   from ${mirror}/kubelet
           hint: the file in the mirror is not the release that was pinned: npm run pins -- verify kubernetes`,
  );
  assert.equal((await readFile(path.join(mirror, 'kubelet'))).toString(), 'wrong');
});

test('auto: releases when the hosts answer', async () => {
  const first = committed.kubernetes;
  const probed = `/release/v${Object.keys(first)[0]}/bin/linux/amd64/kubelet`;
  host.routes.set(probed, kubelet);
  host.routes.set(containerdPath.replace(arch, 'amd64'), containerd);
  const { binaries } = await prepare(['kubelet'], { binaries: 'auto' });
  assert.is(binaries[0]?.source, 'release');
});

test.run();
