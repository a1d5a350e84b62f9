// npm run pins -- verify: compares pins with published sums and the cache, and says what it could not.
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryFolder } from '../../../scripts/cache/entry.ts';
import { sumIn } from '../../../scripts/image/pin-checksums.ts';
import { verifyPins } from '../../../scripts/image/pin-verify.ts';
import { readPins, type Pins } from '../../../scripts/image/pins.ts';
import { closedBase, startReleaseHost } from '../../fakes/release-host.ts';
import { recordSteps } from '../../fakes/steps.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const cache = await useTemporaryCache();
const pins = await readPins();
const hex = (letter: string): string => letter.repeat(64);

test.before.each(async () => {
  await rm(path.join(cache.folder, 'groundup'), { recursive: true, force: true });
});
test.after(async () => {
  await cache.remove();
});

test('sums in the forms that the projects publish', () => {
  const url = 'https://github.com/x/crictl-v1.36.0-linux-amd64.tar.gz';
  const table: [text: string, expected: string | undefined][] = [
    [hex('a'), hex('a')],
    [`${hex('a')}\n`, hex('a')],
    [`${hex('a')}  crictl-v1.36.0-linux-amd64.tar.gz\n`, hex('a')],
    [`${hex('b')} *other\n${hex('a')} *release/crictl-v1.36.0-linux-amd64.tar.gz\r\n`, hex('a')],
    [`${hex('b')}  crictl-v1.36.0-linux-arm64.tar.gz\n`, undefined],
    ['<html>not found</html>', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of table) assert.is(sumIn(text, url), expected, text);
});

const archive = (arch: string): string => `containerd-2.3.6-linux-${arch}.tar.gz`;

test('verify: published sums that agree, one that does not, a host that is silent', async () => {
  const host = await startReleaseHost();
  const { amd64 = '', arm64 = '' } = pins.containerd['2.3.6'] ?? {};
  const folder = '/containerd/containerd/releases/download/v2.3.6';
  host.routes.set(`${folder}/${archive('amd64')}.sha256sum`, `${amd64}  ${archive('amd64')}\n`);
  host.routes.set(`${folder}/${archive('arm64')}.sha256sum`, `${arm64}  ${archive('arm64')}\n`);
  const bases = { 'github.com': host.base, 'dl.k8s.io': await closedBase() };
  try {
    const good = recordSteps();
    assert.is(await verifyPins(pins, 'containerd', good.steps, bases), 0);
    assert.equal(good.lines, [
      'pins       containerd 2.3.6: 2 of 2 agree with the published sums, 0 of 2 in the cache and whole',
    ]);

    host.routes.set(
      `${folder}/${archive('arm64')}.sha256sum`,
      `${hex('c')}  ${archive('arm64')}\n`,
    );
    const bad = recordSteps();
    assert.is(await verifyPins(pins, 'containerd', bad.steps, bases), 1);
    assert.equal(bad.lines, [
      'pins       containerd 2.3.6: 1 of 2 agree with the published sums, 0 of 2 in the cache and whole',
      `           containerd 2.3.6 arm64: pinned ${arm64.slice(0, 8)}…${arm64.slice(-6)}   published cccccccc…cccccc   at github.com`,
    ]);

    const silent = recordSteps();
    const one: Pins = { ...pins, kubernetes: { '1.37.1': pins.kubernetes['1.37.1']! } };
    assert.is(await verifyPins(one, 'kubernetes', silent.steps, bases), 3);
    assert.equal(silent.lines, [
      'pins       kubernetes 1.37.1: published sums not asked for (dl.k8s.io: no connection), 0 of 12 in the cache and whole',
    ]);
  } finally {
    await host.close();
  }
});

test('verify: downloads in the cache are read again; a wrong one is deleted', async () => {
  const content = Buffer.from('runc');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const changed: Pins = { ...pins, runc: { '1.5.1': { amd64: sha256, arm64: hex('b') } } };
  const folder = entryFolder('downloads', sha256);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'runc.amd64'), content);
  const bases = { 'github.com': await closedBase() };

  const whole = recordSteps();
  assert.is(await verifyPins(changed, 'runc', whole.steps, bases), 3);
  assert.equal(whole.lines, [
    'pins       runc 1.5.1: published sums not asked for (github.com: no connection), 1 of 2 in the cache and whole',
  ]);

  await writeFile(path.join(folder, 'runc.amd64'), 'ruin');
  const wrong = recordSteps();
  assert.is(await verifyPins(changed, 'runc', wrong.steps, bases), 1);
  const got = createHash('sha256').update('ruin').digest('hex');
  assert.is(
    wrong.lines[1],
    `           runc 1.5.1 amd64: want ${sha256.slice(0, 8)}…${sha256.slice(-6)}   got ${got.slice(0, 8)}…${got.slice(-6)}   from out of cache, deleted`,
  );
  assert.equal(await readdir(path.dirname(folder)), []);
});

test('verify: Packer has no release file', async () => {
  const { steps, lines } = recordSteps();
  assert.is(await verifyPins(pins, 'packer', steps), 0);
  assert.equal(lines, ['pins       packer: no release file is pinned, go.sum pins it']);
});

test.run();
