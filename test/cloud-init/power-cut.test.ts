// The agent in QuickJS is killed at each system call that changes the disk, then runs again as after a
// power cut: never a part of a file under its own name, never a wrong mode, and the second boot ends as
// an undisturbed one does.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleAgent } from '../../scripts/image/agent.ts';
import { debianPrograms } from '../../scripts/image/debian-programs.ts';
import { startInstance, type LoopbackInstance } from '../../scripts/lab/loopback-instance.ts';

/** Cuts wait for curl more than they compute. */
const runningMax = 4;

const folder = await mkdtemp(path.join(tmpdir(), 'groundup-cuts-'));
await bundleAgent(folder);
const engine = { name: 'quickjs', folder, programsFolder: await debianPrograms() } as const;

/** File below the root -> mode and content. */
type Tree = Record<string, string>;

const nodeFolders = ['etc/cni', 'var/lib/kubelet', 'var/lib/kube-proxy', 'var/lib/kubernetes'];
/** Written by each boot about itself. */
const perBoot = /timeline[^/]*$/;

const treeOf = async (root: string): Promise<Tree> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) =>
      [...nodeFolders, 'var/lib/groundup'].some((one) => file.startsWith(`${one}/`)),
    )
    .filter((file) => !perBoot.test(file));
  const describe = async (file: string) => {
    const { mode } = await stat(path.join(root, file));
    const content = await readFile(path.join(root, file), 'utf8');
    return [file, `${(mode & 0o777).toString(8)} ${content}`] as const;
  };
  return Object.fromEntries(await Promise.all(files.toSorted().map(describe)));
};

/** One system call of the agent: the `count`-th of its kind. */
interface Cut {
  call: string;
  count: number;
  /** As strace shows it, without the root. */
  line: string;
}

const traced = ['mkdir', 'openat', 'write', 'rename', 'unlink', 'rmdir'];
/** Reads, and writes to the programs that the agent runs, leave the disk alone. */
const isChange = (line: string): boolean =>
  line.startsWith('openat(') ? line.includes('O_CREAT') : !/^write\((?:[0124]),/.test(line);

const withInstance = async (work: (instance: LoopbackInstance) => Promise<void>): Promise<void> => {
  const instance = await startInstance('name=worker-0|pod-cidr=172.20.0.0/24');
  try {
    await work(instance);
  } finally {
    await instance.close();
  }
};

/** Every call of an undisturbed first boot that changes the disk. */
const findCuts = async (): Promise<Cut[]> => {
  const cuts: Cut[] = [];
  await withInstance(async (instance) => {
    const log = path.join(folder, 'strace.log');
    const wrapper = `exec strace -o ${log} -e trace=${traced.join(',')} "$@"`;
    const { exitCode, journal } = await instance.run(engine, 'configure', { wrapper });
    assert.is(exitCode, 0, journal.join('\n'));
    const counts = new Map<string, number>();
    for (const line of (await readFile(log, 'utf8')).split('\n')) {
      const call = /^(\w+)\(/.exec(line)?.[1];
      if (call === undefined) continue;
      const count = (counts.get(call) ?? 0) + 1;
      counts.set(call, count);
      const shown = line.replaceAll(`${instance.root}/`, '').slice(0, 90);
      if (isChange(line)) cuts.push({ call, count, line: shown });
    }
  });
  return cuts;
};

const cutAndBootAgain = ({ call, count }: Cut): Promise<void> =>
  withInstance(async (instance) => {
    const wrapper = `exec strace -o /dev/null -e trace=${call} -e inject=${call}:signal=KILL:when=${count} "$@"`;
    const killed = await instance.run(engine, 'configure', { wrapper });
    assert.is(killed.exitCode, -1, killed.journal.join('\n'));
    const atCut = await treeOf(instance.root);
    const again = await instance.run(engine, 'configure');
    assert.is(again.exitCode, 0, again.journal.join('\n'));
    assert.is(again.systemctl.length, 1);
    const after = await treeOf(instance.root);
    for (const name of [...nodeFolders, 'var/lib/groundup'])
      await rm(path.join(instance.root, name), { recursive: true, force: true });
    assert.is((await instance.run(engine, 'configure')).exitCode, 0);
    assert.equal(after, await treeOf(instance.root), 'the second boot ends as an undisturbed one');
    for (const [file, found] of Object.entries(atCut))
      if (!file.endsWith('.groundup-new')) assert.is(found, after[file], file);
  });

const cuts = await findCuts();
const waiting = cuts.values();
const results = new Map<Cut, Promise<void>>();
const work = async (): Promise<void> => {
  for (const cut of waiting) {
    const result = cutAndBootAgain(cut);
    results.set(cut, result);
    await result.catch(() => undefined);
  }
};
const workers = Promise.all(Array.from({ length: runningMax }, work));

test('every file of a node is made, written and put in place by a call of its own', () => {
  const count = (call: string) => cuts.filter((cut) => cut.call === call).length;
  assert.ok(count('rename') >= 11, `${count('rename')} renames`);
  assert.ok(count('openat') >= count('rename') && count('write') >= count('rename'));
  assert.ok(count('mkdir') > 0);
});

for (const cut of cuts)
  test(`cut at ${cut.line}`, async () => {
    // A test begins before its cut: all of them run to their ends first.
    await workers;
    await results.get(cut);
  });

test.after(async () => {
  await workers;
  await rm(folder, { recursive: true, force: true });
});

test.run();
