// The pause image: an archive that tar reads, the same bytes each time, from all three sources.
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostArch } from '../../../scripts/image/binary-request.ts';
import { createProgramImage, digestOf, mediaTypes } from '../../../scripts/image/oci-archive.ts';
import { preparePauseImage, type PauseImage } from '../../../scripts/image/pause.ts';
import { readPins, type Pins } from '../../../scripts/image/pins.ts';
import type { BinarySetting } from '../../../scripts/image/settings.ts';
import { createTar } from '../../../scripts/image/tar.ts';
import { failureOf } from '../../fakes/failure-of.ts';
import { closedBase, startReleaseHost } from '../../fakes/release-host.ts';
import { recordSteps } from '../../fakes/steps.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const cache = await useTemporaryCache();
const arch = hostArch();
const committed = await readPins();

/** A made-up image in the form of a registry: an index over one image per architecture. */
const program = Buffer.from('\u007fELF pause');
const parts = createProgramImage({ name: 'pause', content: program, arch, user: '65535:65535' });
const index = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerIndex,
    manifests: [
      {
        mediaType: parts.manifestType,
        digest: digestOf(parts.manifest),
        size: parts.manifest.length,
        platform: { architecture: arch, os: 'linux' },
      },
    ],
  }),
);
const pins: Pins = { ...committed, pause: { '3.10.1': { index: digestOf(index) } } };

const prepare = async (
  binaries: BinarySetting,
  options: { base?: string; pins?: Pins } = {},
): Promise<{ pause: PauseImage; lines: string[] }> => {
  const { steps, lines } = recordSteps();
  const base = options.base ?? (await closedBase());
  const pause = await preparePauseImage({
    settings: { kubernetes: '1.37.1', arch, binaries },
    pins: options.pins ?? pins,
    steps,
    hostBases: { 'registry.k8s.io': base },
  });
  return { pause, lines };
};

const listing = async (file: string): Promise<string[]> => {
  const { stdout } = await execa('tar', ['-tf', file]);
  return stdout.split('\n');
};

interface Index {
  manifests: { digest: string; annotations: Record<string, string> }[];
}
interface Manifest {
  config: { digest: string };
  layers: { digest: string }[];
}
interface Config {
  architecture: string;
  config: { User: string; Entrypoint: string[] };
}

const blobPath = (digest: string): string => path.join('blobs/sha256', digest.slice(7));

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const readJson = async <Shape>(folder: string, name: string): Promise<Shape> =>
  JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Shape;

test.before.each(async () => {
  await rm(path.join(cache.folder, 'groundup'), { recursive: true, force: true });
});
test.after(async () => {
  await cache.remove();
});

test('tar: GNU tar reads back names, modes, times and contents', async () => {
  const file = path.join(cache.folder, 'some.tar');
  const content = Buffer.alloc(700, 'x');
  await writeFile(
    file,
    createTar([
      { name: 'folder/', content: Buffer.alloc(0), mode: 0o755 },
      { name: 'folder/a', content, mode: 0o640 },
    ]),
  );
  const options = ['--numeric-owner', '--full-time', '--utc', '-tvf', file];
  const { stdout } = await execa('tar', options, { env: { TZ: 'UTC' } });
  assert.equal(
    stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' ')),
    [
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 folder/',
      '-rw-r----- 0/0 700 1970-01-01 00:00:00 folder/a',
    ],
  );
  assert.is((await execa('tar', ['-xOf', file, 'folder/a'])).stdout, content.toString());
});

test('modules: compiled from the source in k8s.io/kubernetes, runs, and is its image’s only file', async () => {
  const { pause, lines } = await prepare('auto', { pins: committed });
  assert.equal(lines, [
    'pause      registry.k8s.io: no connection; compiling it from k8s.io/kubernetes',
    `pause      registry.k8s.io/pause 3.10.1 ${arch} compiled from k8s.io/kubernetes`,
  ]);
  assert.is(pause.reference, 'registry.k8s.io/pause:3.10.1');
  assert.is(pause.source, 'modules');
  const archive = await readFile(pause.file);
  assert.is(pause.sha256, createHash('sha256').update(archive).digest('hex'));

  const folder = await mkdtemp(path.join(cache.folder, 'unpacked-'));
  await execa('tar', ['-xf', pause.file, '-C', folder]);
  const [described] = (await readJson<Index>(folder, 'index.json')).manifests;
  assert.ok(described);
  assert.is(described.annotations['io.containerd.image.name'], 'registry.k8s.io/pause:3.10.1');
  const manifest = await readJson<Manifest>(folder, blobPath(described.digest));
  const config = await readJson<Config>(folder, blobPath(manifest.config.digest));
  assert.equal(config.config, { ...config.config, User: '65535:65535', Entrypoint: ['/pause'] });
  assert.is(config.architecture, arch);
  const layer = path.join(folder, blobPath(manifest.layers[0]?.digest ?? ''));
  assert.equal(await listing(layer), ['pause']);
  await execa('tar', ['-xzf', layer, '-C', folder]);
  const { stdout } = await execa(path.join(folder, 'pause'), ['-v']);
  assert.is(stdout, 'pause.c v3.10.1-kubernetes-1.37.1');

  const again = await prepare('auto', { pins: committed });
  assert.equal(again.lines, []);
  assert.ok(again.pause.cached);
});

test('release: pulled by digest, every blob checked', async () => {
  const host = await startReleaseHost({
    '/v2/': '{}',
    [`/v2/pause/manifests/${digestOf(index)}`]: index,
    [`/v2/pause/manifests/${digestOf(parts.manifest)}`]: Buffer.from(parts.manifest),
    ...Object.fromEntries(
      parts.blobs.map((blob) => [`/v2/pause/blobs/${digestOf(blob)}`, Buffer.from(blob)]),
    ),
  });
  try {
    const { pause, lines } = await prepare('auto', { base: host.base });
    assert.equal(lines, [`pause      registry.k8s.io/pause 3.10.1 ${arch} pulled by digest`]);
    assert.is(pause.source, 'release');
    assert.equal(
      (await listing(pause.file)).length,
      ['oci-layout', 'index.json', 'blobs/', 'blobs/sha256/'].length + 3,
    );

    await rm(path.join(cache.folder, 'groundup'), { recursive: true, force: true });
    const [config] = parts.blobs;
    assert.ok(config);
    host.routes.set(`/v2/pause/blobs/${digestOf(config)}`, 'forged');
    const [want, got] = [digestOf(config), digestOf(Buffer.from('forged'))].map(
      (digest) => `${digest.slice(7, 15)}…${digest.slice(-6)}`,
    );
    assert.is(
      await failureOf(prepare('release', { base: host.base })),
      `pause      registry.k8s.io/pause 3.10.1: digest does not match images/pins.yaml
           want ${want}   got ${got}   from registry.k8s.io
           hint: nothing was kept; run again, and check the pin when it repeats`,
    );
  } finally {
    await host.close();
  }
});

test('directory: taken from an OCI layout; what is missing is named with the command', async () => {
  const mirror = await mkdtemp(path.join(cache.folder, 'mirror-'));
  const layout = path.join(mirror, 'registry.k8s.io/pause');
  const hex = digestOf(index).slice(7);
  assert.is(
    await failureOf(prepare(`directory:${mirror}`)),
    `pause      registry.k8s.io/pause 3.10.1: not in the mirror
           there is no ${layout}/blobs/sha256/${hex}
           hint: skopeo copy --all docker://registry.k8s.io/pause:3.10.1 oci:${layout}`,
  );
  await mkdir(path.join(layout, 'blobs/sha256'), { recursive: true });
  for (const blob of [index, parts.manifest, ...parts.blobs]) {
    await writeFile(path.join(layout, 'blobs/sha256', digestOf(blob).slice(7)), blob);
  }
  const { pause, lines } = await prepare(`directory:${mirror}`);
  assert.equal(lines, [`pause      registry.k8s.io/pause 3.10.1 ${arch} taken from the mirror`]);
  assert.is(pause.source, 'directory');
});

test('release: a registry that does not answer names the ways out', async () => {
  assert.is(
    await failureOf(prepare('release')),
    `pause      registry.k8s.io/pause 3.10.1: registry.k8s.io: no connection
           hint: set binaries: auto or modules in images/worker.yaml to compile it, or directory:/path for a mirror`,
  );
});

test('the same program gives the same image', () => {
  const again = createProgramImage({ name: 'pause', content: program, arch, user: '65535:65535' });
  assert.is(digestOf(again.manifest), digestOf(parts.manifest));
});

test.run();
