// The lab as a command, without workers: beside another one, killed, asked for twice, cut off.
import { execa } from 'execa';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { labFolder, readRunning } from '../../scripts/lab/state.ts';
import { inProject } from '../../scripts/project/paths.ts';

const names = { first: `life-a-${process.pid}`, second: `life-b-${process.pid}` };
const timeoutMs = 120_000;

const lab = (...args: string[]) =>
  execa(process.execPath, [inProject('scripts/lab.ts'), ...args], {
    all: true,
    reject: false,
    timeout: timeoutMs,
    stdin: 'ignore',
  });

/** Processes whose command line names the folder of a lab. */
const processesOf = async (name: string): Promise<string[]> => {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(labFolder(name))) found.push(line.replaceAll('\0', ' '));
  }
  return found;
};

/** What a lab could leave on the machine outside its namespaces. */
const machineState = async () => ({
  links: (await readdir('/sys/class/net')).toSorted(),
  mounts: (await readFile('/proc/self/mounts', 'utf8')).split('\n').length,
  loops: (await execa('losetup', ['--list', '--noheadings'], { timeout: 10_000 })).stdout,
});

const gone = async (name: string): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await processesOf(name)).length === 0) return;
    await sleep(100);
  }
  assert.equal(await processesOf(name), []);
};

test('two labs run side by side on the same addresses, each with its own cluster', async () => {
  const before = await machineState();
  const ups = await Promise.all(
    Object.values(names).map((name) => lab('up', '--workers', '0', '--name', name)),
  );
  for (const { exitCode, all } of ups) assert.is(exitCode, 0, all);
  assert.equal((await machineState()).links, before.links);
  const identities = await Promise.all(
    Object.values(names).map(async (name) => {
      const { stdout, exitCode, all } = await lab(
        ...['exec', '--name', name, '--', 'kubectl', 'get', 'namespace', 'kube-system'],
        '--output=jsonpath={.metadata.uid}',
      );
      assert.is(exitCode, 0, all);
      return stdout;
    }),
  );
  assert.is(new Set(identities).size, 2);
});

test('a lab that runs is not started again', async () => {
  const { exitCode, all } = await lab('up', '--workers', '0', '--name', names.first);
  assert.is(exitCode, 1);
  assert.is(
    all.trim(),
    `lab        ${names.first} is running already\n` +
      '           hint: npm run lab -- status, npm run lab -- down, or another --name',
  );
});

test('status --json says what runs', async () => {
  const { stdout } = await lab('status', '--json', '--name', names.first);
  const status = JSON.parse(stdout) as { name: string; kubernetes: string; workers: unknown[] };
  assert.is(status.name, names.first);
  assert.match(status.kubernetes, /^1\.\d+\.\d+$/);
  assert.equal(status.workers, []);
});

test('nothing leaves the namespace: there is no way out of it', async () => {
  const { exitCode, all } = await lab(
    ...['exec', '--name', names.first, '--', 'ip', 'route', 'get', '192.0.2.1'],
  );
  assert.is.not(exitCode, 0);
  assert.match(all, /Network is unreachable/);
  const links = await lab('exec', '--name', names.first, '--', 'ip', '-brief', 'link');
  const linkNames = links.stdout.split('\n').map((line) => line.split(/[ @]/)[0]);
  assert.equal(new Set(linkNames), new Set(['lo', 'vpc0']));
});

test('a command in the lab passes its exit code on', async () => {
  const { exitCode } = await lab('exec', '--name', names.first, '--', 'sh', '-c', 'exit 7');
  assert.is(exitCode, 7);
});

test('down takes all of it away', async () => {
  const { exitCode, all } = await lab('down', '--name', names.first);
  assert.is(exitCode, 0, all);
  assert.equal(await processesOf(names.first), []);
  assert.is(await readdir(labFolder(names.first)).catch(() => 'gone'), 'gone');
  const again = await lab('down', '--name', names.first);
  assert.is(again.exitCode, 1);
  assert.is(
    again.all.trim(),
    `lab        ${names.first} is not running\n           hint: npm run lab -- up --workers 2`,
  );
});

test('a lab whose first process was killed is gone, and its name is free again', async () => {
  const state = await readRunning(names.second);
  assert.ok(state);
  process.kill(state.pid, 'SIGKILL');
  await gone(names.second);
  const status = await lab('status', '--name', names.second);
  assert.match(status.all, / is not running/);
});

test('a killed `lab up` takes everything along', async () => {
  const before = await machineState();
  const starting = lab('up', '--workers', '0', '--name', names.second);
  for await (const line of starting.iterable({ from: 'all' })) if (line.startsWith('vpc ')) break;
  assert.ok((await processesOf(names.second)).length > 0);
  starting.kill('SIGKILL');
  await starting;
  await gone(names.second);
  assert.equal(await machineState(), before);
  const next = await lab('up', '--workers', '0', '--name', names.second);
  assert.is(next.exitCode, 0, next.all);
  assert.is((await lab('down', '--name', names.second)).exitCode, 0);
});

test('what is no command, and a number that is none', async () => {
  assert.is((await lab('upp')).exitCode, 2);
  const { exitCode, all } = await lab('up', '--workers', 'two');
  assert.is(exitCode, 1);
  assert.is(all.trim(), 'lab        --workers two: not a number from 0 to 20');
});

test.after(async () => {
  for (const name of Object.values(names)) {
    const state = await readRunning(name);
    if (state !== undefined) process.kill(state.pid, 'SIGKILL');
  }
});

test.run();
