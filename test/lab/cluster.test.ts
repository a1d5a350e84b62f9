// One lab, two workers booted once from the built image, and every promise about a node on them.
// GROUNDUP_TEST_LAB=<name> uses a running lab of two fresh workers instead and leaves it.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { test as uvuTest } from 'uvu';
import * as assert from 'uvu/assert';
import { timelinePath, timelinePaths } from '../../cloud-init/timeline-record.ts';
import {
  inOrder,
  parseTimeline,
  timelineEvents,
  type Timeline,
  type TimelineEvent,
  type TimelineFile,
} from '../../cloud-init/timeline.ts';
import { readStatistics } from '../../scripts/bench/boot.ts';
import { budgetKeys, readBudgets } from '../../scripts/bench/budgets.ts';
import { formatFigure, judge } from '../../scripts/bench/judge.ts';
import { parseProcesses, processesScript } from '../../scripts/bench/node-report.ts';
import { watchReady } from '../../scripts/bench/ready.ts';
import type { ImageRecord } from '../../scripts/bench/record.ts';
import { newestManifest } from '../../scripts/image/manifest.ts';
import { coldVolume } from '../../scripts/lab/cold-volume/model.ts';
import type { Lab } from '../../scripts/lab/lab.ts';
import { bootWorkers, findLab, startLab } from '../../scripts/lab/start.ts';
import { ask, type WorkerStatus } from '../../scripts/lab/protocol.ts';
import { vpc, workerAddresses } from '../../scripts/lab/addresses.ts';
import { inProject, outputFolder } from '../../scripts/project/paths.ts';
import { createSteps } from '../../scripts/terminal/steps.ts';
import { chainOf, parseUnitTimes, readCriticalChain } from './critical-chain.ts';
import { parseSnapshot, snapshotScript, type NodeSnapshot } from './node-snapshot.ts';
import { podName, proofObjects, serverPort, serviceAddresses } from './pods.ts';
import { readDeviations, seedStatements } from './seed-parity.ts';

const commandTimeoutMs = 60_000;
const kept = process.env['GROUNDUP_TEST_LAB'];

/** Test name -> seconds, so that the closing lines say where the minutes went. */
const seconds = new Map<string, number>();

const test = (name: string, work: () => void | Promise<void>): void => {
  uvuTest(name, async () => {
    const startedMs = performance.now();
    await work();
    seconds.set(name, (performance.now() - startedMs) / 1000);
  });
};

let lab: Lab;
let workers: WorkerStatus[] = [];
const snapshots: NodeSnapshot[] = [];
/** What the first worker read until Ready; of a lab that runs already nobody knows. */
let statistics: Awaited<ReturnType<typeof readStatistics>> | undefined;

const statisticsAtReady = async (started: Lab) => {
  const worker = workerAddresses(0);
  await watchReady(started, worker.nodeName);
  return readStatistics(started, worker);
};

const startTestLab = async (): Promise<Lab> => {
  if (kept !== undefined) return findLab(kept);
  const manifest = await newestManifest(outputFolder);
  const imageFile = path.join(outputFolder, manifest.image);
  const steps = createSteps();
  const { settings } = manifest;
  const name = `test-${process.pid}`;
  const started = await startLab({ name, settings, imageFile, steps });
  // The first one's volume counts what is touched, and does not wait.
  const volume = { ...coldVolume, latencyMs: 0 };
  const requests = [
    { index: 0, imageFile, volume },
    { index: 1, imageFile },
  ];
  [statistics] = await Promise.all([
    statisticsAtReady(started.lab),
    bootWorkers(started.lab, requests, steps),
  ]);
  return started.lab;
};

const kubectl = async (...args: string[]): Promise<string> => {
  const result = await lab.kubectl(args, { timeoutMs: commandTimeoutMs });
  assert.is(result.exitCode, 0, `kubectl ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
};

const inPod = (index: number, ...command: string[]): Promise<string> =>
  kubectl('exec', podName(index), '--', '/busybox', ...command);

const podAddress = (index: number): Promise<string> =>
  kubectl('get', 'pod', podName(index), '--output=jsonpath={.status.podIP}');

/** Polls until `check` gives a value; the last failure is the test's. */
const eventually = async <T>(what: string, timeoutMs: number, check: () => Promise<T>) => {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const result = await check().then(
      (value) => ({ value }),
      (error: Error) => ({ error }),
    );
    if ('value' in result) return result.value;
    if (performance.now() > endMs)
      throw new Error(`${what}: not within ${timeoutMs / 1000} s: ${result.error.message}`, {
        cause: result.error,
      });
    await sleep(1000);
  }
};

const takeSnapshot = (worker: WorkerStatus, commands?: readonly string[]): Promise<NodeSnapshot> =>
  eventually(`${worker.name}: login and cloud-init`, 240_000, async () => {
    const state = await lab.ssh(
      worker.address,
      'systemctl is-active groundup-cloud-init.service',
      commandTimeoutMs,
    );
    assert.is(state.stdout.trim(), 'active', state.stderr);
    const script = snapshotScript(commands);
    const { stdout, exitCode, stderr } = await lab.ssh(worker.address, script, 180_000);
    assert.is(exitCode, 0, stderr);
    return parseSnapshot(stdout);
  });

test('two workers are Ready', async () => {
  lab = await startTestLab();
  workers = await lab.workers();
  const nodes = await kubectl('get', 'nodes', '--output=jsonpath={.items[*].metadata.name}');
  assert.equal(nodes.split(' ').toSorted(), ['ip-172-31-0-20', 'ip-172-31-0-21']);
});

test('a pod runs on each', async () => {
  const input = proofObjects(workers);
  const applied = await lab.kubectl(['apply', '--filename=-'], { timeoutMs: 60_000, input });
  assert.is(applied.exitCode, 0, applied.stderr);
  // kube-proxy and cloud-init start at the same time, and here two machines share two processors.
  const wait = ['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=300s'];
  const waited = await lab.kubectl(wait, { timeoutMs: 310_000 });
  assert.is(waited.exitCode, 0, waited.stderr);
  for (const [index, { podCidr }] of workers.entries())
    assert.ok((await podAddress(index)).startsWith(podCidr.replace(/0\/24$/, '')));
});

test('pods reach each other across nodes, both ways', async () => {
  for (const [from, to] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const target = await podAddress(to);
    assert.match(await inPod(from, 'ping', '-c', '3', '-W', '5', target), / 0% packet loss/);
    const answer = await inPod(from, 'wget', '-q', '-O', '-', `http://${target}:${serverPort}/`);
    assert.is(answer.trim(), podName(to));
  }
});

test('a pod reaches a Service, on its own node and on the other', async () => {
  const answers = new Set<string>();
  for (let tries = 0; tries < 20 && answers.size < 2; tries += 1)
    answers.add(
      (await inPod(1, 'wget', '-q', '-O', '-', `http://${serviceAddresses.servers}/`)).trim(),
    );
  assert.equal([...answers].toSorted(), ['server-0', 'server-1']);
});

test('a pod reaches itself through its own Service (hairpin)', async () => {
  const url = `http://${serviceAddresses['server-0']}/`;
  assert.is((await inPod(0, 'wget', '-q', '-O', '-', url)).trim(), 'server-0');
});

test('a node reaches a Service', async () => {
  for (const { address } of workers) {
    const { stdout, stderr } = await eventually('login', 180_000, async () => {
      const url = `http://${serviceAddresses['server-0']}/`;
      const result = await lab.ssh(address, `curl -sS --max-time 10 ${url}`, commandTimeoutMs);
      assert.is(result.exitCode, 0, result.stderr);
      return result;
    });
    assert.is(stdout.trim(), 'server-0', stderr);
  }
});

test('kubectl logs and exec work', async () => {
  for (const index of [0, 1]) {
    assert.is((await kubectl('logs', podName(index))).trim(), `serving ${podName(index)}`);
    assert.is((await inPod(index, 'hostname')).trim(), podName(index));
  }
});

test('a pod cannot read the metadata service, its node can', async () => {
  const token = `http://${vpc.metadata}/latest/api/token`;
  const put = (path_: string) =>
    `printf 'PUT /latest/api/token HTTP/1.1\\r\\nHost: x\\r\\nX-aws-ec2-metadata-token-ttl-seconds: 60\\r\\nConnection: close\\r\\n\\r\\n' | ${path_} nc -w 8 ${vpc.metadata} 80`;
  const fromPod = await lab.kubectl(
    ['exec', podName(0), '--', '/busybox', 'sh', '-c', put('/busybox')],
    { timeoutMs: commandTimeoutMs },
  );
  assert.not.match(fromPod.stdout, /HTTP\/1\.1 200/);
  const address = workers[0]?.address ?? '';
  const command = `curl -sS -o /dev/null -w '%{http_code}' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${token}`;
  const fromNode = await lab.ssh(address, command, commandTimeoutMs);
  assert.is(fromNode.stdout, '200', fromNode.stderr);
});

test('each worker tells what it is', async () => {
  // One tells everything; of the other, what only it can tell.
  const outputs = [undefined, ['failedUnits', 'orderingCycles', 'cloudInitStatus']];
  const taken = workers.map((worker, index) => takeSnapshot(worker, outputs[index]));
  snapshots.push(...(await Promise.all(taken)));
  assert.is(snapshots.length, 2);
});

test('a boot reads and starts no more than images/budgets.yaml allows', async () => {
  const worker = workers[0];
  assert.ok(worker);
  const { stdout } = await lab.ssh(worker.address, processesScript, commandTimeoutMs);
  const processes = parseProcesses(stdout);
  assert.ok(processes > 0, stdout);
  const figures: ImageRecord['figures'] = { processes };
  if (statistics !== undefined) {
    figures['touched-mib'] = statistics.touchedMib;
    figures['read-mib'] = statistics.readMib;
  }
  const record: ImageRecord = { image: worker.name, latencyMs: 0, figures, timelines: {} };
  const budgets = await readBudgets();
  for (const key of budgetKeys) {
    const value = figures[key];
    if (value === undefined) continue;
    console.log(`\n# ${key}: ${formatFigure(key, value)} of ${formatFigure(key, budgets[key])}`);
  }
  assert.equal(judge(record, undefined, budgets), []);
});

test('what a boot needs is read ahead, in a few long ranges', () => {
  const { readAhead = '', readAheadRanges = '' } = snapshots[0]?.outputs ?? {};
  assert.is(readAhead, 'groundup: reading ahead from /dev/nvme0n1p1');
  const lengths = readAheadRanges.split('\n').map((line) => Number(line.split(' ')[1]));
  // 12 to 18, as the file system has room.
  assert.ok(lengths.length <= 24, readAheadRanges);
  const mib = lengths.reduce((sum, length) => sum + length, 0) / 1024 ** 2;
  assert.ok(mib > 60 && mib < 180, `${mib} MiB`);
});

test("Debian's programs come from their compressed file system", () => {
  assert.match(snapshots[0]?.outputs['systemPrograms'] ?? '', /^erofs +ro,/);
});

test('udev has looked at all devices when cloud-init has run', () => {
  assert.match(snapshots[0]?.outputs['lateModules'] ?? '', /^button\nevdev(?:\naesni_intel)?$/);
});

test('containerd, the agent and the kubelet wait for nothing that they need not', async () => {
  const { all, ...allowed } = await readCriticalChain();
  const units = parseUnitTimes(snapshots[0]?.outputs['unitTimes'] ?? '');
  for (const [unit, names] of Object.entries(allowed)) {
    const chain = chainOf(units, unit);
    assert.ok(chain.length > 1, `${unit} waited for nothing`);
    const avoidable = chain.slice(1).filter((name) => !(name in names || name in all));
    assert.equal(avoidable, [], `${unit} waited for ${chain.join(' <- ')}`);
  }
});

test('no unit failed and no ordering cycle was broken', () => {
  for (const { outputs } of snapshots) {
    assert.is(outputs['failedUnits'], '');
    assert.is(outputs['orderingCycles'], '');
  }
});

test('cloud-init status is done, exit 0', () => {
  for (const { outputs } of snapshots) {
    const status = outputs['cloudInitStatus'] ?? '';
    assert.match(status, /"status": "done"/);
    assert.match(status, /"extended_status": "done"/);
    assert.match(status, /^exit 0$/m);
  }
});

/** Whole files of each worker's first boot. */
const timelines: TimelineFile[] = [];

const readTimeline = async ({ address }: WorkerStatus, file = timelinePath) => {
  const { exitCode, stdout, stderr } = await lab.ssh(address, `cat ${file}`, commandTimeoutMs);
  assert.is(exitCode, 0, stderr);
  return parseTimeline(stdout);
};

/** Events that cannot but follow one another. containerd and kube-proxy go their own ways. */
const chains: TimelineEvent[][] = [
  timelineEvents.filter((event) => !/^(?:sysinit|containerd-ready|kube-proxy-synced)$/.test(event)),
  ['userspace', 'sysinit', 'kubelet-exec'],
  ['userspace', 'containerd-ready', 'kubelet-exec'],
  ['services-started', 'kube-proxy-synced'],
];

const assertTimeline = (timeline: Timeline): void => {
  const expected = timelineEvents.filter(
    (event) => event !== 'initrd' || timeline.initrd !== undefined,
  );
  assert.equal(Object.keys(timeline).toSorted(), expected.toSorted());
  for (const chain of chains) {
    const found = chain.flatMap((event) => timeline[event]?.uptimeMs ?? []);
    assert.equal(
      found,
      found.toSorted((a, b) => a - b),
      chain.join(' '),
    );
  }
  const bytes = inOrder(timeline).flatMap(([, { readBytes }]) => readBytes ?? []);
  assert.equal(
    bytes,
    bytes.toSorted((a, b) => a - b),
  );
  // What the agent sees itself, and what happens from then on, is known.
  for (const event of timelineEvents.slice(timelineEvents.indexOf('network-online')))
    assert.ok(timeline[event]?.readBytes ?? event === 'containerd-ready', event);
  const readMib = (timeline['node-ready']?.readBytes ?? 0) / 1024 ** 2;
  assert.ok(readMib > 20 && readMib < 1000, `${readMib} MiB up to Ready`);
};

test('a timeline of the boot, from the kernel to the first pod', async () => {
  for (const worker of workers)
    // The agent looks on with the lowest priority: it may come late to what it sees.
    timelines.push(
      await eventually(`${worker.name}: its timeline`, 240_000, async () => {
        const file = await readTimeline(worker);
        assertTimeline(file.timeline);
        return file;
      }),
    );
});

test('containerd, cloud-init and systemd on the node find nothing wrong in our files', () => {
  const outputs = snapshots[0]?.outputs ?? {};
  assert.not.match(
    outputs['containerdConfig'] ?? 'level=error: not asked',
    /level=(warning|error)|Ignoring/,
  );
  assert.match(outputs['cloudInitSchema'] ?? '', /Valid schema/);
  assert.is(outputs['unitVerify'], '');
});

test('seed parity', async () => {
  const deviations = await readDeviations();
  const snapshot = snapshots[0];
  assert.ok(snapshot);
  // What the node asked is the metadata service's to tell.
  const requests = await ask(lab.folder, 'imdsLog', null);
  snapshot.outputs['metadataRequests'] = requests
    .map(({ method, path: asked, status }) => `"${method} ${asked} ${status}"`)
    .join('\n');
  const wrong: string[] = [];
  for (const { number, statement, check } of seedStatements) {
    const verdict = check(snapshot);
    const deviates = deviations.has(number);
    if (verdict === 'same' && deviates)
      wrong.push(`${number} is the same, but has a row: ${statement}`);
    if (verdict === 'deviates' && !deviates)
      wrong.push(`${number} deviates without a row: ${statement}`);
    if (verdict === 'broken') wrong.push(`${number} does not hold: ${statement}`);
  }
  console.log(`\n# seed parity ${seedStatements.length - wrong.length}/65`);
  assert.equal(wrong, []);
  assert.is(seedStatements.length, 65);
});

const bootId = async (worker: WorkerStatus): Promise<string> => {
  const command = 'cat /proc/sys/kernel/random/boot_id';
  const { exitCode, stdout, stderr } = await lab.ssh(worker.address, command, commandTimeoutMs);
  assert.is(exitCode, 0, stderr);
  return stdout.trim();
};

let bootIdBefore = '';

test('a worker is told to reboot, cloud-init first this time', async () => {
  const worker = workers[1];
  assert.ok(worker);
  // The other order of images/worker.yaml, made by the provision step itself.
  const step = await readFile(inProject('images/provision/60-cloud-init.sh'), 'utf8');
  const settings = '/etc/groundup/settings.json';
  const change = `sed -i 's/"cloud-init": "deferred"/"cloud-init": "first"/' ${settings}\n${step}`;
  const changed = await lab.ssh(worker.address, change, commandTimeoutMs);
  assert.is(changed.exitCode, 0, changed.stderr);
  bootIdBefore = await bootId(worker);
  await lab.ssh(worker.address, 'systemctl reboot', commandTimeoutMs);
});

test('a worker with a wrong line says why on its console, and everything stays as it is', async () => {
  const worker = workers[0];
  assert.ok(worker);
  const userData = 'name=worker-0|pod-cidr=172.20.0.7/24';
  await ask(lab.folder, 'setUserData', { name: worker.name, userData });
  const asked = (await ask(lab.folder, 'imdsLog', null)).length;
  const script = `before=$(pidof kubelet); touch /run/before
systemctl restart groundup.service; systemctl show --property=ExecMainStatus groundup.service
find /etc/cni /var/lib/kubernetes /var/lib/kubelet -maxdepth 1 -type f -newer /run/before
[ "$before" = "$(pidof kubelet)" ] && echo the same kubelet`;
  const { stdout } = await lab.ssh(worker.address, script, commandTimeoutMs);
  assert.equal(stdout.trim().split('\n'), ['ExecMainStatus=65', 'the same kubelet']);
  const line =
    'groundup: NOT configured: error[host-bits] user-data:1:24 pod-cidr: a range has no host bits; ' +
    '172.20.0.7/24 has host bits set (the network of that address is 172.20.0.0/24); nothing was written';
  assert.ok((await lab.consoleOf(worker)).includes(line), await lab.consoleOf(worker));
  const paths = (await ask(lab.folder, 'imdsLog', null))
    .slice(asked)
    .filter(({ address }) => address.endsWith(worker.address))
    .map(({ path: one }) => one);
  assert.match(paths.join('\n'), /user-data/);
  assert.not.match(paths.join('\n'), /security-credentials\/./, 'no credentials for a wrong line');
});

test('kube-proxy is started anew with the agent that starts it, and without it where that dies', async () => {
  const worker = workers[0];
  assert.ok(worker);
  const script = `proxy() { systemctl show --property=MainPID --value kube-proxy.service; }
wait_for() { for _ in $(seq 60); do sleep 1; [ "$(proxy)" = 0 ] || [ "$(proxy)" = "$1" ] || return 0; done; return 1; }
before=$(proxy); [ "$before" != 0 ] || echo none at first
systemctl restart groundup-ready.service; wait_for "$before" || echo the same as before
systemctl stop groundup-ready.service; [ "$(proxy)" = 0 ] || echo not stopped
systemctl start groundup-ready.service; systemctl kill --signal=KILL groundup-ready.service
wait_for 0 || echo not started
systemctl show --property=Result groundup-ready.service`;
  const { stdout, stderr } = await lab.ssh(worker.address, script, 180_000);
  assert.is(stdout.trim(), 'Result=signal', stderr);
});

test('the rebooted worker comes back Ready with unchanged files', async () => {
  const worker = workers[1];
  assert.ok(worker);
  const bootIdNow = await eventually('reboot', 480_000, async () => {
    const now = await bootId(worker);
    assert.is.not(now, bootIdBefore);
    return now;
  }).catch(async (cause: unknown) => {
    const tail = (await lab.consoleOf(worker)).slice(-2000);
    throw new Error(`${(cause as Error).message}; its console ends with:\n${tail}`, { cause });
  });
  const template = '{.status.nodeInfo.bootID}{.status.conditions[?(@.type=="Ready")].status}';
  await eventually('Ready after the reboot', 180_000, async () => {
    const seen = await kubectl('get', 'node', worker.nodeName, `--output=jsonpath=${template}`);
    assert.is(seen, `${bootIdNow}True`);
  });
  const again = await takeSnapshot(worker, ['failedUnits', 'orderingCycles']);
  const stable = (snapshot: NodeSnapshot | undefined) =>
    Object.fromEntries(
      Object.entries(snapshot?.files ?? {}).filter(
        ([name]) => !name.startsWith('/var/lib/groundup/'),
      ),
    );
  assert.equal(stable(again), stable(snapshots[1]));
  await eventually('the timeline after the reboot', 240_000, async () => {
    const { bootId: id, timeline } = await readTimeline(worker);
    assert.is(id, bootIdNow);
    assert.ok(timeline['node-ready'], 'no node-ready');
  });
  assert.equal(await readTimeline(worker, timelinePaths[1]), timelines[1]);
  assert.is(again.outputs['failedUnits'], '');
  assert.is(again.outputs['orderingCycles'], '');
  const [deferred, first] = [snapshots[1], again].map((snapshot) => {
    const units = snapshot?.units ?? {};
    const [cloudInit, agent] = ['groundup-cloud-init', 'groundup'].map((unit) => units[unit]);
    return Number(cloudInit?.ended) < Number(agent?.started);
  });
  assert.equal([deferred, first], [false, true]);
});

test('the lab goes away without a trace', async () => {
  if (kept !== undefined) return;
  const { pid } = lab.state;
  await lab.stop();
  const { access } = await import('node:fs/promises');
  assert.ok(
    await access(`/proc/${pid}`).then(
      () => false,
      () => true,
    ),
  );
  assert.ok(
    await access(lab.folder).then(
      () => false,
      () => true,
    ),
  );
});

uvuTest.after(() => {
  const slowest = [...seconds].toSorted(([, a], [, b]) => b - a).slice(0, 6);
  for (const [name, duration] of slowest) console.log(`\n# ${duration.toFixed(0)} s: ${name}`);
});

uvuTest.run();
