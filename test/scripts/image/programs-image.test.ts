// The node's programs in one compressed file system: the same bytes each time, and what it holds.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keyOf } from '../../../scripts/cache/entry.ts';
import { nodeBinaries } from '../../../scripts/image/binary-table.ts';
import { erofsPrograms } from '../../../scripts/image/debian-programs.ts';
import { describePrograms, prepareProgramsImage } from '../../../scripts/image/programs-image.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'groundup-programs-'));
test.after(() => rm(folder, { recursive: true, force: true }));

/** Compressible, as programs are. */
const contentOf = (name: string): string => `${name}\n`.repeat(20_000);

const programs = await Promise.all(
  ['kubelet', 'crictl', 'runc'].map(async (name) => {
    const file = path.join(folder, name);
    await writeFile(file, contentOf(name), { mode: 0o600 });
    return { name, file, installPath: `/usr/local/bin/${name}`, sha256: keyOf(contentOf(name)) };
  }),
);

test('each program is in the folder of its first use, whole and executable', async () => {
  const image = await prepareProgramsImage(programs);
  assert.equal(image.links, {
    '/usr/local/bin/kubelet': '/usr/lib/groundup/programs/boot/kubelet',
    '/usr/local/bin/crictl': '/usr/lib/groundup/programs/by-hand/crictl',
    '/usr/local/bin/runc': '/usr/lib/groundup/programs/boot/runc',
  });
  const tree = path.join(folder, 'tree');
  const fsck = path.join(await erofsPrograms(), 'fsck.erofs');
  await execa(fsck, [`--extract=${tree}`, image.file], { timeout: 60_000 });
  for (const [place, name] of [
    ['boot/kubelet', 'kubelet'],
    ['by-hand/crictl', 'crictl'],
    ['boot/runc', 'runc'],
  ] as const) {
    assert.is(await readFile(path.join(tree, place), 'utf8'), contentOf(name));
    assert.is((await stat(path.join(tree, place))).mode & 0o7777, 0o755);
  }
  const compressed = 3 * contentOf('kubelet').length;
  assert.ok(image.sizeBytes < compressed / 2, `${image.sizeBytes} of ${compressed} bytes`);
});

test('the same programs give the same bytes', async () => {
  const first = await prepareProgramsImage(programs);
  assert.is((await prepareProgramsImage(programs)).cached, true);
  await rm(path.dirname(first.file), { recursive: true });
  const second = await prepareProgramsImage(programs);
  assert.is(second.cached, false);
  assert.is(second.sha256, first.sha256);
  assert.match(describePrograms(second), /^3 programs in \d+ MiB$/);
});

test('every program of a node has a first use, and the boot’s come first', () => {
  const uses = nodeBinaries.map(({ name, firstUse }) => [name, firstUse] as const);
  assert.equal(
    uses.filter(([, use]) => use === undefined),
    [],
  );
  const used = new Set(uses.map(([, use]) => use));
  assert.equal(used, new Set(['boot', 'by-hand', 'first-pod', 'ready']));
  const boot = uses.flatMap(([name, use]) => (use === 'boot' ? [name] : []));
  assert.equal(boot, ['kubelet', 'containerd', 'containerd-shim-runc-v2', 'runc']);
});

test.run();
