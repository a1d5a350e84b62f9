// npm run build-ami as a command: nothing to do, interrupted, refused. Needs the image of a build.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { inProject, outputFolder } from '../../scripts/project/paths.ts';

const build = (root: string, args: readonly string[] = []) =>
  execa(process.execPath, [path.join(root, 'scripts/build-ami.ts'), ...args], {
    all: true,
    reject: false,
    timeout: 5 * 60_000,
    stdin: 'ignore',
  });

let copy = '';

/** A checkout of its own with an empty out/: what it builds and breaks is nobody else's. */
test.before(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'groundup-checkout-'));
  for (const name of ['cloud-init', 'images', 'scripts', 'package.json', 'package-lock.json'])
    await cp(inProject(name), path.join(copy, name), { recursive: true });
  await symlink(inProject('node_modules'), path.join(copy, 'node_modules'));
});
test.after(() => rm(copy, { recursive: true, force: true }));

test('nothing changed: the same artefact at once', async () => {
  const before = await newestManifest(outputFolder);
  const startedMs = performance.now();
  const { exitCode, all } = await build(inProject());
  const seconds = (performance.now() - startedMs) / 1000;
  assert.is(exitCode, 0, all);
  const [header, ...lines] = all.split('\n');
  assert.match(header ?? '', /^groundup \d+\.\d+\.\d+ +target local +Kubernetes 1\.\d+\.\d+ +\w+$/);
  assert.is(lines.length, 1);
  assert.match(
    lines[0] ?? '',
    /^nothing changed since [0-9a-f]{7} \(settings, pins, bundle, base\): out\/worker-.*\.qcow2 /,
  );
  assert.equal(await newestManifest(outputFolder), before);
  console.log(`\n# nothing changed: ${seconds.toFixed(1)} s`);
});

/** Processes whose command line names the copy. */
const processesOf = async (folder: string): Promise<string[]> => {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(folder)) found.push(line.replaceAll('\0', ' '));
  }
  return found;
};

const eventually = async (what: string, check: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await check()) return;
    await sleep(100);
  }
  throw new Error(`not within 30 s: ${what}`);
};

/** Starts a build and kills it when its virtual machine runs; nothing of it runs on. */
const buildAndKill = async (): Promise<string> => {
  const running = build(copy);
  await eventually('QEMU runs', async () =>
    (await processesOf(copy)).some((line) => line.includes('qemu-system')),
  );
  running.kill('SIGKILL');
  const { all } = await running;
  await eventually('no process is left', async () => (await processesOf(copy)).length === 0);
  return all;
};

test('a killed build ends all it started, and the next one removes what it left', async () => {
  const said = await buildAndKill();
  assert.match(said, /^binaries +\d+ files: \d+ cached$/m);
  assert.match(said, /^base +Debian 13, \d+ packages, cached/m);
  const out = path.join(copy, 'out');
  const left = await readdir(out);
  assert.equal(left.length, 1);
  assert.match(left[0] ?? '', /^\.building-/);
  await buildAndKill();
  const again = await readdir(out);
  assert.is(again.length, 1);
  assert.is.not(again[0], left[0]);
});

test('no room: said before anything is written', async () => {
  const out = path.join(copy, 'out');
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  const command = `mount -t tmpfs -o size=64M none "$0/out" && exec "$1" "$0/scripts/build-ami.ts"`;
  const { exitCode, all } = await execa(
    'unshare',
    ['--mount', 'sh', '-c', command, copy, process.execPath],
    { all: true, reject: false, timeout: 60_000 },
  );
  assert.is(exitCode, 1);
  assert.is(
    all.split('\n').slice(-2).join('\n'),
    `space      ${out}: 0.1 GiB free, a build needs 4.0 GiB\n` +
      '           hint: delete images in out/ that you need no more',
  );
  assert.equal(await readdir(out), []);
});

test('settings that do not hold are shown with their place, and nothing is built', async () => {
  const file = path.join(copy, 'images/worker.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('kubernetes: 1.37.1', 'kubernetes: 1.31.0'));
  const { exitCode, all } = await build(copy);
  await writeFile(file, text);
  assert.is(exitCode, 1);
  assert.match(
    all,
    /^error\[unpinned-kubernetes\] images\/worker\.yaml:\d+:13 kubernetes: images\/pins\.yaml has no 1\.31\.0,/,
  );
  assert.match(all, /^settings {3}images\/worker\.yaml: see above$/m);
  assert.not.match(all, /^binaries/m);
});

test('an option that there is not', async () => {
  const { exitCode, all } = await build(copy, ['--fast']);
  assert.is(exitCode, 2);
  assert.match(all, /--fast/);
  assert.match(all, /--refresh KEY/);
});

test.run();
