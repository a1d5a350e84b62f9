// Every fault of the table against the real agent bundle in QuickJS: what it says, how often it asks,
// and that a boot that fails leaves the disk as it was. A faster clock makes minutes of waiting seconds.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failureClasses } from '../../cloud-init/failure.ts';
import type { NodeNames } from '../../cloud-init/derive.ts';
import { filesWith } from '../../cloud-init/files.ts';
import type { State } from '../../cloud-init/state.ts';
import { bundleAgent } from '../../scripts/image/agent.ts';
import { debianPrograms } from '../../scripts/image/debian-programs.ts';
import {
  startInstance,
  type AgentRun,
  type LoopbackInstance,
} from '../../scripts/lab/loopback-instance.ts';
import { worker, type Count, type FaultRow } from './faults/row.ts';
import { faultTable } from './faults/table.ts';

const timeScale = 30;
/** Rows wait more than they compute. */
const runningMax = 6;

const folder = await mkdtemp(path.join(tmpdir(), 'groundup-faults-'));
await bundleAgent(folder);
const engine = { name: 'quickjs', folder, programsFolder: await debianPrograms() } as const;

interface FaultRun extends AgentRun {
  /** One line for each file and folder before and after: name, kind, mode, and a file's inode and time. */
  treeBefore: string[];
  treeAfter: string[];
  /** `GET /latest/user-data` and the like. */
  requests: string[];
  /** What /run/groundup/state.json says; absent when it could not be written. */
  state: Partial<State>;
}

const list =
  "find etc var run ( -type d -printf '%p %y %m\\n' ) -o -printf '%p %y %m %i %T@\\n' | sort";
const wrapper = (mounts = ''): string =>
  [
    'set -e',
    mounts,
    `${list.replaceAll(/[()]/g, String.raw`\$&`)} >tree.before`,
    'code=0; "$@" || code=$?',
    `${list.replaceAll(/[()]/g, String.raw`\$&`)} >tree.after`,
    'cat run/groundup/state.json >state.after 2>/dev/null || true',
    'exit $code',
  ].join('\n');

/** Addresses, numbers that chance makes and times, by names. */
const nameVariables = (line: string, { imdsUrl }: LoopbackInstance, secretsUrl: string): string =>
  line
    .replace(imdsUrl, '<imds>')
    .replace(secretsUrl, '<secrets>')
    .replace(/common name (?!system)[\w ,.-]+?, a kubelet/, 'common name <authority>, a kubelet')
    .replace(/\d+ tries in \d+ s/, '<tries>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, '<time>')
    .replace(/\d{8}T\d{6}Z/, '<signed>');

const spoil = (instance: LoopbackInstance, row: FaultRow, scale: number): void => {
  const startMs = Date.now();
  const elapsedMs = () => (Date.now() - startMs) * scale;
  const { imds, secrets } = row;
  if (imds !== undefined)
    instance.intercepts.imds = (url, tries) =>
      imds(url.replace('/latest/', ''), tries, elapsedMs());
  if (secrets !== undefined)
    instance.intercepts.secrets = (_url, tries) => secrets(tries, elapsedMs());
  row.spoil?.(instance);
};

/** From inside the folder: what a row mounts is gone with its namespace. */
const stateOf = async (root: string): Promise<Partial<State>> => {
  const text = await readFile(path.join(root, 'state.after'), 'utf8');
  return text === '' ? {} : (JSON.parse(text) as State);
};

const runRow = async (row: FaultRow): Promise<FaultRun> => {
  const instance = await startInstance('name=worker-0|pod-cidr=172.20.0.0/24');
  try {
    const scale = row.timeScale ?? timeScale;
    const secretsUrl = instance.secretsUrl.replace('127.0.0.1', row.secretsName ?? '127.0.0.1');
    spoil(instance, row, scale);
    const run = await instance.run(engine, 'configure', {
      timeScale: scale,
      secretsUrl,
      wrapper: wrapper(row.mounts),
    });
    const tree = async (file: string) =>
      (await readFile(path.join(instance.root, file), 'utf8')).trim().split('\n');
    const named = (lines: readonly string[]) =>
      lines.map((line) => nameVariables(line, instance, secretsUrl));
    return {
      ...run,
      console: named(run.console),
      journal: named(run.journal),
      treeBefore: await tree('tree.before'),
      treeAfter: await tree('tree.after'),
      requests: [...instance.requests],
      state: await stateOf(instance.root),
    };
  } finally {
    await instance.close();
  }
};

/** All rows at once, but few at a time; a test takes its row's result. */
const startRows = (): Promise<FaultRun>[] => {
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running >= runningMax)
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    running += 1;
  };
  return faultTable.map(async (row) => {
    await enter();
    try {
      return await runRow(row);
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  });
};

const assertCount = (what: string, found: number, expected: Count): void => {
  const [least, most] = typeof expected === 'number' ? [expected, expected] : expected;
  assert.ok(found >= least && found <= most, `${what} was asked ${found} times`);
};

const askedOf = (requests: readonly string[], what: string): number =>
  requests.filter((line) =>
    what === 'secrets' ? line === 'POST /' : line.endsWith(` /latest/${what}`),
  ).length;

const assertFailed = (row: FaultRow, run: FaultRun): void => {
  const line = `groundup: NOT configured: ${row.says}; nothing was written`;
  assert.equal(run.console, [line]);
  assert.equal(run.journal, [...(row.warns ?? []), `<3>${line}`, ...(row.warnsLast ?? [])]);
  assert.equal(run.systemctl, []);
  // What a boot says of itself.
  const own = /^(?:run\/groundup\/state\.json|var\/lib\/groundup(?:\/timeline\.jsonl)?) /;
  assert.equal(
    run.treeAfter.filter((entry) => !own.test(entry)),
    run.treeBefore.filter((entry) => !own.test(entry)),
  );
  const { outcome, failureClass, exitCode } = run.state;
  assert.equal([outcome, failureClass, exitCode], ['failed', row.fails, run.exitCode]);
};

const names: NodeNames = {
  identity: 'files',
  podNetwork: 'range',
  workerName: worker,
  nodeSecret: '',
  sharedSecret: '',
};

const assertConfigured = (row: FaultRow, run: FaultRun): void => {
  assert.equal(run.console, []);
  assert.equal(run.journal, [
    ...(row.warns ?? []),
    `<6>groundup: ${worker} is node ip-172-31-0-20 (${filesWith(names).length + 1} files written)`,
    ...(row.warnsLast ?? []),
  ]);
  assert.is(run.systemctl.length, 1);
  assert.is(run.state.outcome ?? 'configured', 'configured');
  const written = run.treeAfter.filter(
    (line) => !run.treeBefore.includes(line) && / f \d/.test(line),
  );
  const found = written.map((line) => `/${line.split(' ')[0]}`);
  for (const row of filesWith(names)) assert.ok(found.includes(row.path(names)), row.path(names));
};

const runs = startRows();
// A row that breaks while another one is looked at must not end the process; its test tells.
for (const run of runs) run.catch(() => undefined);

for (const [index, row] of faultTable.entries())
  test(`${row.name} -> ${row.fails ?? 'configured'}`, async () => {
    const run = await (runs[index] as Promise<FaultRun>);
    const { exitCode } = row.fails === undefined ? { exitCode: 0 } : failureClasses[row.fails];
    assert.is(run.exitCode, exitCode, run.journal.join('\n'));
    if (row.fails === undefined) assertConfigured(row, run);
    else assertFailed(row, run);
    for (const [what, count] of Object.entries(row.asked ?? {}))
      assertCount(what, askedOf(run.requests, what), count);
    const left = run.treeAfter.filter((line) => /groundup-new|\.new /.test(line));
    assert.equal(left, []);
  });

test.after(async () => {
  await Promise.allSettled(runs);
  await rm(folder, { recursive: true, force: true });
});

test.run();
