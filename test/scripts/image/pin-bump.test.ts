// npm run pins -- bump: rewrites images/pins.yaml with comments kept, all of it or nothing.
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bumpGo, bumpPin, rewritePins } from '../../../scripts/image/pin-bump.ts';
import { releaseFilesOf } from '../../../scripts/image/pin-files.ts';
import { checkPins, pinsFile, readPins } from '../../../scripts/image/pins.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { failureOf } from '../../fakes/failure-of.ts';
import { closedBase, startReleaseHost } from '../../fakes/release-host.ts';
import { recordSteps } from '../../fakes/steps.ts';
import { useTemporaryCache } from '../../fakes/temporary-cache.ts';

const cache = await useTemporaryCache();
const committed = await readFile(pinsFile, 'utf8');
const pins = await readPins();
const hex = (letter: string): string => letter.repeat(64);

/** A copy of the project's pins and an empty folder for modules. */
const sandbox = async (): Promise<{ file: string; modulesFolder: string }> => {
  const folder = await mkdtemp(path.join(cache.folder, 'pins-'));
  const file = path.join(folder, 'pins.yaml');
  await writeFile(file, committed, { mode: 0o644 });
  const modulesFolder = path.join(folder, 'modules');
  await mkdir(modulesFolder);
  return { file, modulesFolder };
};

test.after(async () => {
  await cache.remove();
});

test('rewriting keeps every comment and every other line', () => {
  const hashes = { amd64: hex('d'), arm64: hex('e') };
  const text = rewritePins(committed, 'containerd', '2.3.7', hashes);
  const { amd64 = '', arm64 = '' } = pins.containerd['2.3.6'] ?? {};
  assert.is(
    text,
    committed.replace('2.3.6:', '2.3.7:').replace(amd64, hex('d')).replace(arm64, hex('e')),
  );
});

test('rewriting Kubernetes adds a version, newest first', () => {
  const names = Object.keys(pins.kubernetes['1.37.1'] ?? {});
  const hashes = Object.fromEntries(
    names.map((name) => [name, { amd64: hex('1'), arm64: hex('2') }]),
  );
  const { pins: changed } = checkPins(rewritePins(committed, 'kubernetes', '1.36.5', hashes));
  assert.equal(Object.keys(changed?.kubernetes ?? {}), ['1.37.1', '1.36.5', '1.36.4', '1.35.4']);
});

test('bump from published sums: pins, module folder, and the old one gone', async () => {
  const { file, modulesFolder } = await sandbox();
  // The older pin whose place the committed version takes; the Go module proxy has that one.
  const older = committed.replace('\n  1.9.1:', '\n  1.9.0:');
  await writeFile(file, older);
  await mkdir(path.join(modulesFolder, 'cni-plugins-1.9.0'));
  const host = await startReleaseHost(
    Object.fromEntries(
      releaseFilesOf('cni-plugins', '1.9.1').map(({ checksumUrl, arch }) => [
        new URL(checksumUrl).pathname,
        hex(arch === 'amd64' ? '1' : '2'),
      ]),
    ),
  );
  const { steps, lines } = recordSteps();
  try {
    const hostBases = { 'github.com': host.base };
    const component = 'cni-plugins';
    await bumpPin({ component, version: '1.9.1', steps, file, modulesFolder, hostBases });
  } finally {
    await host.close();
  }
  assert.equal(lines, [
    'pins       images/modules/cni-plugins-1.9.1 made with go mod tidy',
    'pins       cni-plugins 1.9.0 → 1.9.1',
  ]);
  const { pins: changed } = checkPins(await readFile(file, 'utf8'));
  assert.equal(changed?.['cni-plugins'], { '1.9.1': { amd64: hex('1'), arm64: hex('2') } });
  assert.equal(await readdir(modulesFolder), ['cni-plugins-1.9.1']);
  const made = await readFile(path.join(modulesFolder, 'cni-plugins-1.9.1/go.sum'), 'utf8');
  const known = await readFile(inProject('images/modules/cni-plugins-1.9.1/go.sum'), 'utf8');
  const plugins = /^github\.com\/containernetworking\/plugins v1\.9\.1 h1:.*$/m;
  assert.is(plugins.exec(made)?.[0], plugins.exec(known)?.[0]);
});

test('bump from a JSON file; a file that lacks a sum changes nothing', async () => {
  const { file, modulesFolder } = await sandbox();
  await mkdir(path.join(modulesFolder, 'runc-1.5.2'));
  const checksums = path.join(path.dirname(file), 'sums.json');
  const { steps, lines } = recordSteps();
  const options = {
    component: 'runc',
    version: '1.5.2',
    steps,
    file,
    modulesFolder,
    checksums,
  } as const;
  await writeFile(
    checksums,
    JSON.stringify({ runc: { '1.5.2': { amd64: { sha256: hex('1') } } } }),
  );
  assert.is(
    await failureOf(bumpPin(options)),
    `pins       ${checksums} has no sha256 of runc 1.5.2 arm64
           hint: expected at runc → 1.5.2 → arm64 → sha256; nothing was changed`,
  );
  assert.is(await readFile(file, 'utf8'), committed);
  const sums = { amd64: { sha256: hex('1') }, arm64: { sha256: hex('2') } };
  await writeFile(checksums, JSON.stringify({ runc: { '1.5.2': sums } }));
  await bumpPin(options);
  assert.equal(lines, ['pins       runc 1.5.1 → 1.5.2']);
  const { pins: changed } = checkPins(await readFile(file, 'utf8'));
  assert.equal(changed?.runc, { '1.5.2': { amd64: hex('1'), arm64: hex('2') } });
});

test('bump: refusals leave the file as it was', async () => {
  const { file, modulesFolder } = await sandbox();
  const { steps } = recordSteps();
  const hostBases = { 'github.com': await closedBase() };
  const bump = async (component: 'runc' | 'packer', version: string): Promise<void> =>
    bumpPin({ component, version, steps, file, modulesFolder, hostBases });
  assert.is(await failureOf(bump('runc', '1.5.1')), 'pins       runc 1.5.1 is pinned already');
  assert.is(
    await failureOf(bump('runc', '1.5.2')),
    `pins       the checksums of runc 1.5.2 can't be fetched: github.com: no connection
           hint: --checksums FILE takes them from a JSON file: {"runc": {"1.5.2": …}}, see docs/binaries.md; nothing was changed`,
  );
  const text = await failureOf(bump('packer', '99.0.0'));
  assert.match(text, /^pins +go ended with exit code 1$/m);
  assert.match(text, /does that version exist, .*nothing was changed$/);
  assert.is(await readFile(file, 'utf8'), committed);
  assert.equal(await readdir(modulesFolder), []);
});

test('bump go', async () => {
  const { file } = await sandbox();
  const { steps, lines } = recordSteps();
  await bumpGo('1.27.0', steps, file);
  assert.equal(lines, ['pins       go 1.26.8 → 1.27.0']);
  assert.is(await readFile(file, 'utf8'), committed.replace('go: 1.26.8', 'go: 1.27.0'));
  assert.is(
    await failureOf(bumpGo('1.27.0', steps, file)),
    'pins       go 1.27.0 is pinned already',
  );
});

test.run();
