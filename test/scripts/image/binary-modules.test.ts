// Programs built from Go modules: the fallback, reproducible bytes, and what can't be built.
import { execa } from 'execa';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareBinaries, type Binary } from '../../../scripts/image/binaries.ts';
import { hostArch } from '../../../scripts/image/binary-request.ts';
import { firstVersion } from '../../../scripts/image/binary-version.ts';
import { readPins, type Pins } from '../../../scripts/image/pins.ts';
import type { BinarySetting } from '../../../scripts/image/settings.ts';
import { failureOf } from '../../fakes/failure-of.ts';
import { closedBase } from '../../fakes/release-host.ts';
import { recordSteps } from '../../fakes/steps.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const cache = await useTemporaryCache();
const arch = hostArch();
const committed = await readPins();

const prepare = async (
  names: string[],
  options: { binaries: BinarySetting; pins?: Pins; base?: string },
): Promise<{ binaries: Binary[]; lines: string[] }> => {
  const { binaries, pins = committed, base = 'http://127.0.0.1:1' } = options;
  const { steps, lines } = recordSteps();
  const settings = { kubernetes: '1.37.1', arch, binaries };
  const hostBases = { 'dl.k8s.io': base, 'github.com': base };
  return { binaries: await prepareBinaries({ names, settings, pins, steps, hostBases }), lines };
};

test.before.each(async () => {
  await rm(path.join(cache.folder, 'groundup'), { recursive: true, force: true });
});
test.after(async () => {
  await cache.remove();
});

test('auto: builds from modules when no host answers, says so once, and asks once', async () => {
  const base = await closedBase();
  const { binaries, lines } = await prepare(['loopback', 'host-local'], { binaries: 'auto', base });
  assert.equal(lines.slice(0, 3), [
    'binaries   no official releases (dl.k8s.io: no connection; github.com: no connection): building from Go modules',
    `binaries   loopback 1.9.1 ${arch} built from Go modules`,
    `binaries   host-local 1.9.1 ${arch} built from Go modules`,
  ]);
  assert.match(lines[3] ?? '', /^binaries {3}2 files: 2 built from modules/);
  assert.equal(
    binaries.map(({ source, installPath }) => [source, installPath]),
    [
      ['modules', '/opt/cni/bin/loopback'],
      ['modules', '/opt/cni/bin/host-local'],
    ],
  );
  const { all } = await execa(binaries[0]?.file ?? '', ['--version'], { all: true });
  assert.match(all, /^CNI loopback plugin v1\.9\.1\n/);
  const again = await prepare(['loopback', 'host-local'], { binaries: 'auto', base });
  assert.equal(again.lines, ['binaries   2 files: 2 cached']);
});

test('modules: the same inputs give the same bytes', async () => {
  const { binaries: first } = await prepare(['loopback'], { binaries: 'modules' });
  await rm(path.join(cache.folder, 'groundup'), { recursive: true, force: true });
  const { binaries: second } = await prepare(['loopback'], { binaries: 'modules' });
  assert.not.ok(second[0]?.cached);
  assert.is(first[0]?.sha256, second[0]?.sha256);
});

test('modules: another Go toolchain is another entry', async () => {
  await prepare(['loopback'], { binaries: 'modules' });
  const pins = { ...committed, go: '1.26.99' };
  const text = await failureOf(prepare(['loopback'], { binaries: 'modules', pins }));
  assert.match(
    text,
    new RegExp(`^binaries   loopback 1\\.9\\.1 ${arch}: building from Go modules failed`),
  );
  assert.match(
    text,
    /hint: the Go module proxy \(go env GOPROXY\) has to serve golang\.org\/toolchain$/,
  );
});

test('modules: a version without a module folder', async () => {
  const pins = structuredClone(committed);
  pins['cni-plugins'] = { '1.8.0': pins['cni-plugins']['1.9.1']! };
  assert.is(
    await failureOf(prepare(['loopback'], { binaries: 'modules', pins })),
    `binaries   loopback 1.8.0 ${arch}: there is no images/modules/cni-plugins-1.8.0
           hint: npm run pins -- bump cni-plugins 1.8.0`,
  );
});

test('modules: runc for another architecture needs another machine', async () => {
  const foreign = arch === 'amd64' ? 'arm64' : 'amd64';
  const { steps } = recordSteps();
  const settings = { kubernetes: '1.37.1', arch: foreign, binaries: 'modules' } as const;
  assert.is(
    await failureOf(prepareBinaries({ names: ['runc'], settings, pins: committed, steps })),
    `binaries   runc 1.5.1 ${foreign}: needs a C compiler for ${foreign}, and this machine is ${arch}
           hint: set binaries: release in images/worker.yaml, or build on an ${foreign} machine`,
  );
});

test('versions as programs print them', () => {
  const table: [text: string, expected: string | undefined][] = [
    ['Kubernetes v1.37.1', '1.37.1'],
    ['containerd github.com/containerd/containerd/v2 v2.3.6 ', '2.3.6'],
    ['containerd-shim-runc-v2:\n  Version:  v2.3.6\n', '2.3.6'],
    ['etcd Version: 3.6.14\nGit SHA: x\n', '3.6.14'],
    ['CNI bridge plugin v1.9.1\nCNI protocol versions supported: 0.1.0', '1.9.1'],
    ['{"version":"1.0.9","sdk_version":"0.3.2"}', '1.0.9'],
    ['runc version 1.5.1-rc.1\n', '1.5.1-rc.1'],
    ['Kubernetes v0.0.0-master+$Format:%H$', '0.0.0-master+'],
    ['no number', undefined],
  ];
  for (const [text, expected] of table) assert.is(firstVersion(text), expected, text);
});

test.run();
