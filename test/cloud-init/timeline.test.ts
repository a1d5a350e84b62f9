// The timeline of a boot: the file, bytes, who knows what, and every way in which a boot can go.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPodOfBoot, parseSyncedSeconds } from '../../cloud-init/after-ready.ts';
import { configure } from '../../cloud-init/agent.ts';
import { openDiskReads, parseReadBytes } from '../../cloud-init/disk-reads.ts';
import { ready } from '../../cloud-init/ready.ts';
import { openRecord, timelinePath, timelinePaths } from '../../cloud-init/timeline-record.ts';
import {
  formatReady,
  formatTimeline,
  inOrder,
  mergeTimelines,
  parseTimeline,
  timelineEvents,
  type Timeline,
} from '../../cloud-init/timeline.ts';
import { bootFiles, bootId, nodeEvent, podEvent, serve } from '../fakes/api-server.ts';
import { fakeEpochMs, type FakeHost } from '../fakes/host.ts';
import { createNode, environment, outputOf, type NodeOptions } from '../fakes/node.ts';

const at = (uptimeMs: number, readBytes?: number) =>
  readBytes === undefined ? { uptimeMs } : { uptimeMs, readBytes };

test('a timeline is written in the order of time, and read back', () => {
  const timeline: Timeline = {
    'node-ready': at(24_912.4, 9),
    userspace: at(2700),
    'containerd-ready': at(3000),
    'network-online': at(13_100),
    kernel: at(0, 0),
  };
  const text =
    '{"event":"kernel","uptimeMs":0,"readBytes":0,"bootId":"b"}\n' +
    '{"event":"userspace","uptimeMs":2700}\n{"event":"containerd-ready","uptimeMs":3000}\n' +
    '{"event":"network-online","uptimeMs":13100}\n' +
    '{"event":"node-ready","uptimeMs":24912,"readBytes":9}\n';
  assert.is(formatTimeline({ bootId: 'b', timeline }), text);
  assert.equal(parseTimeline(`${text}{"event":"later","uptimeMs":1}\n{"event":"oth`), {
    bootId: 'b',
    timeline: { ...timeline, 'node-ready': at(24_912, 9) },
  });
});

test('bytes never become fewer, although two events of one moment were read one after the other', () => {
  const timeline: Timeline = { 'cni-ready': at(5000, 131), 'node-ready': at(5000, 130) };
  const text = formatTimeline({ bootId: '', timeline });
  assert.match(text, '{"event":"node-ready","uptimeMs":5000,"readBytes":131}');
});

test('of an event that came twice, the first time counts', () => {
  const merged = mergeTimelines(
    { registered: at(5), 'node-ready': at(9) },
    { registered: at(7), 'node-ready': at(8), 'first-pod': at(10) },
  );
  assert.equal(merged, { registered: at(5), 'node-ready': at(8), 'first-pod': at(10) });
});

test('the line that matters', () => {
  assert.is(
    formatReady({
      'network-online': at(13_100),
      'user-data-read': at(13_500),
      'secrets-read': at(14_100),
      'services-started': at(16_600),
      registered: at(23_800),
      'cni-ready': at(24_500),
      'node-ready': at(24_912),
    }),
    'Ready in 24.9 s (user-data 0.4, secrets 0.6, kubelet 7.2, network 0.7)',
  );
  assert.is(formatReady({ 'node-ready': at(900) }), 'Ready in 0.9 s');
});

const diskLine = (name: string, sectors: number): string =>
  ` 259       0 ${name} 3121 1 ${sectors} 4000 20 3 160 9 0 800 4009 0 0 0 0 0 0\n`;

test('whole disks are counted once', () => {
  const disks = ['nvme0n1', 'nvme1n1', 'xvda', 'vdb', 'sdc'];
  const others = ['nvme0n1p1', 'xvda1', 'loop0', 'dm-0', 'ram3', 'md0', 'zram0', 'sr0'];
  const text = [...disks, ...others].map((name) => diskLine(name, 100)).join('');
  assert.is(parseReadBytes(text), disks.length * 100 * 512);
  assert.is(parseReadBytes(diskLine('loop0', 100)), undefined);
  assert.is(parseReadBytes(''), undefined);
});

/** A disk from which one sector a millisecond is read. */
const withDisk = (host: FakeHost): FakeHost => {
  const readFile = host.readFile.bind(host);
  host.readFile = (path) =>
    path === '/proc/diskstats' ? diskLine('nvme0n1', Math.round(host.uptimeMs())) : readFile(path);
  return host;
};

test('bytes of a moment are looked up later, and the series stays short', () => {
  const host = withDisk(createNode());
  const reads = openDiskReads(host);
  for (let step = 0; step < 10_000; step += 1) {
    reads.sampleSometimes();
    host.sleep(100);
  }
  for (const uptimeMs of [2100, 50_123, 900_000])
    assert.ok(Math.abs((reads.at(uptimeMs) ?? 0) - uptimeMs * 512) < 1024, `${uptimeMs}`);
  assert.is(reads.at(1000), undefined, 'nobody had looked yet');
  assert.is(reads.at(host.uptimeMs() + 1), undefined);
  reads.save();
  const saved = JSON.parse(host.readFile('/run/groundup/disk-reads.json') ?? '') as unknown[];
  assert.ok(saved.length > 60 && saved.length <= 240, `${saved.length}`);
  assert.is(openDiskReads(host).at(50_123), reads.at(50_123));
});

test('kube-proxy’s metric', () => {
  const name = 'kubeproxy_sync_proxy_rules_last_timestamp_seconds';
  assert.is(parseSyncedSeconds(`${name}{ip_family="IPv4"} 1.7957412005e+09`), 1_795_741_200.5);
  assert.is(parseSyncedSeconds(`${name}{ip_family="IPv4"} 0`), undefined);
  assert.is(parseSyncedSeconds(`${name}{ip_family="IPv6"} 1.7957412e+09`), 1_795_741_200);
  assert.is(parseSyncedSeconds(`${name}_other{ip_family="IPv6"} 1.7957412e+09`), undefined);
  assert.is(parseSyncedSeconds(`# HELP ${name} [ALPHA] The last time`), undefined);
});

test('a pod counts when it is Ready with a container of this boot', () => {
  const startMs = Date.parse('2026-11-30T02:00:00.700Z');
  assert.ok(isPodOfBoot(podEvent('True', '2026-11-30T02:00:00Z'), startMs));
  assert.not(isPodOfBoot(podEvent('True', '2026-11-30T01:59:50Z'), startMs));
  assert.not(isPodOfBoot(podEvent('False', '2026-11-30T02:00:09Z'), startMs));
  assert.not(isPodOfBoot(JSON.stringify({ kind: 'Status', message: 'forbidden' }), startMs));
  assert.not(isPodOfBoot('<html>', startMs));
});

/** systemctl of a booted node; what did not happen is 0. */
const systemctl = (kubelet: number) => (args: readonly string[]) => {
  if (args[0] !== 'show') return {};
  const unit = (id: string, active: number, exec: number) =>
    `Id=${id}\nActiveEnterTimestampMonotonic=${active}\nExecMainStartTimestampMonotonic=${exec}`;
  return {
    stdout: args.some((arg) => arg.endsWith('.service'))
      ? `${[unit('sysinit.target', 1_700_000, 0), unit('containerd.service', 1_990_000, 1_800_000), unit('kubelet.service', kubelet, kubelet)].join('\n\n')}\n`
      : 'InitRDTimestampMonotonic=0\nUserspaceTimestampMonotonic=1500000\n',
  };
};

const createBooting = (options: NodeOptions = {}, kubelet = 2_070_000): FakeHost =>
  withDisk(
    createNode({ files: bootFiles, programs: { systemctl: systemctl(kubelet) }, ...options }),
  );

const epochSeconds = (uptimeMs: number): string =>
  ((fakeEpochMs + uptimeMs) / 1000).toExponential(12);
const metric = (uptimeMs: number, family = 'IPv4'): string =>
  `kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="${family}"} ${epochSeconds(uptimeMs)}`;
const startedAt = (uptimeMs: number): string => new Date(fakeEpochMs + uptimeMs).toISOString();

/** An API server that takes its time; pods of the last boot are told first. */
const answers = (host: FakeHost) => ({
  nodes: () => {
    host.sleep(4000);
    return { lines: [nodeEvent('False'), nodeEvent('False', bootId, 'PLEG'), nodeEvent('True')] };
  },
  metrics: (tries: number) => ({
    lines: tries < 3 ? ['# HELP'] : ['# HELP', metric(9500), metric(8000, 'IPv6'), '# HELP'],
  }),
  pods: (tries: number) =>
    tries < 4
      ? { lines: [podEvent('True', startedAt(-90_000))] }
      : { lines: [podEvent('False', startedAt(9000)), podEvent('True', startedAt(9000))] },
});

const readTimeline = (host: FakeHost): Timeline =>
  parseTimeline(host.readFile(timelinePath) ?? '').timeline;

const isGrowing = (values: readonly number[]): boolean =>
  values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));

test('a whole boot: every event in order, and bytes grow', () => {
  const host = createBooting();
  configure(host, environment);
  const asked = serve(host, answers(host));
  assert.is(ready(host, environment), 0, outputOf(host));
  const moments = inOrder(readTimeline(host));
  const events = moments.map(([event]) => event);
  assert.equal(events.toSorted(), timelineEvents.filter((event) => event !== 'initrd').toSorted());
  assert.ok(isGrowing(moments.flatMap(([, { readBytes }]) => readBytes ?? [])));
  // Nobody looked that early.
  assert.equal(
    moments.filter(([, { readBytes }]) => readBytes === undefined).map(([event]) => event),
    ['userspace', 'sysinit', 'containerd-ready'],
  );
  const { 'kube-proxy-synced': synced, 'kubelet-exec': kubelet } = readTimeline(host);
  assert.is(synced?.uptimeMs, 8000);
  assert.is(kubelet?.readBytes, 2070 * 512);
  assert.equal(asked.slice(0, 3), ['nodes', 'metrics', 'pods']);
  assert.is(asked.filter((service) => service === 'metrics').length, 3);
  assert.equal(
    [...host.entries.keys()].filter((path) => path.startsWith('/run/groundup/ready-')),
    [],
  );
});

test('a systemd that is too busy to answer is asked again, within bounds', () => {
  for (const [failures, isKnown] of [
    [2, true],
    [99, false],
  ] as const) {
    let shows = 0;
    const busy = (args: readonly string[]) => {
      if (args[0] === 'show' && (shows += 1) <= failures) return { exitCode: 1 };
      return systemctl(2_070_000)(args);
    };
    const host = createBooting({ programs: { systemctl: busy } });
    configure(host, environment);
    serve(host, answers(host));
    assert.is(ready(host, environment), 0, outputOf(host));
    assert.is(readTimeline(host).userspace !== undefined, isKnown);
    assert.is(shows, isKnown ? 4 : 8);
  }
});

/** What the API server has to say is read at 12 s; the kubelet says since when. */
const seenLate: [string, string[], number | undefined, number | undefined][] = [
  ['the kubelet says 8', [nodeEvent('True', bootId, '', startedAt(8000))], 9000, 9000],
  ['in the last boot', [nodeEvent('True', bootId, '', startedAt(-60_000))], 12_000, 12_000],
  ['by a clock that is ahead', [nodeEvent('True', bootId, '', startedAt(99_000))], 12_000, 12_000],
  [
    'before it was registered',
    [nodeEvent('False'), nodeEvent('True', bootId, '', startedAt(8000))],
    12_000,
    12_000,
  ],
];
for (const [name, lines, registeredMs, readyMs] of seenLate)
  test(`a watch that is read late: ${name}`, () => {
    const host = createBooting();
    configure(host, environment);
    const nodes = () => {
      host.sleep(12_000 - host.uptimeMs());
      return { lines };
    };
    serve(host, { ...answers(host), nodes });
    assert.is(ready(host, environment), 0);
    const { registered, 'node-ready': nodeReady } = readTimeline(host);
    assert.equal([registered?.uptimeMs, nodeReady?.uptimeMs], [registeredMs, readyMs]);
  });

test('a node without pods is looked at for five minutes', () => {
  const host = createBooting();
  configure(host, environment);
  serve(host, { ...answers(host), metrics: () => ({}), pods: () => ({ stderr: 'forbidden' }) });
  const startMs = host.uptimeMs();
  assert.is(ready(host, environment), 0);
  const tookMs = host.uptimeMs() - startMs;
  assert.ok(tookMs > 290_000 && tookMs < 320_000, `${tookMs}`);
  const timeline = readTimeline(host);
  assert.ok(timeline['node-ready']);
  assert.is(timeline['kube-proxy-synced'], undefined);
  assert.is(timeline['first-pod'], undefined);
});

test('a clock that was set after kube-proxy looked at it', () => {
  const host = createBooting();
  configure(host, environment);
  serve(host, { ...answers(host), metrics: () => ({ lines: [metric(-3_600_000)] }) });
  ready(host, environment);
  const { 'kube-proxy-synced': synced, 'node-ready': nodeReady } = readTimeline(host);
  assert.ok((synced?.uptimeMs ?? 0) >= (nodeReady?.uptimeMs ?? Infinity));
});

test('a kubelet that was started again after Ready is no part of the boot', () => {
  const host = createBooting({}, 3_600_000_000);
  configure(host, environment);
  serve(host, answers(host));
  ready(host, environment);
  assert.is(readTimeline(host)['kubelet-exec'], undefined);
});

const failures: [string, NodeOptions, string[]][] = [
  [
    'user-data',
    { userData: 'name=' },
    ['kernel', 'userspace', 'sysinit', 'containerd-ready', 'network-online'],
  ],
  [
    'secrets',
    { secretFields: {} },
    ['kernel', 'userspace', 'sysinit', 'containerd-ready', 'network-online', 'user-data-read'],
  ],
];
for (const [name, options, expected] of failures)
  test(`a boot that fails has the events up to then: ${name}`, () => {
    const host = createBooting(options, 0);
    assert.is.not(configure(host, environment), 0);
    assert.equal(
      inOrder(readTimeline(host)).map(([event]) => event),
      expected,
    );
  });

test('a node that is not Ready in time has the events up to then', () => {
  const host = createBooting();
  configure(host, environment);
  const { nodes } = answers(host);
  serve(host, { nodes: () => ({ lines: nodes().lines.slice(0, 1) }) });
  assert.is.not(ready(host, environment), 0);
  const events = inOrder(readTimeline(host)).map(([event]) => event);
  assert.equal(events.slice(-2), ['kubelet-exec', 'registered']);
});

test('an instance that is not ours keeps no timeline', () => {
  const host = createBooting({ userData: undefined });
  assert.is(configure(host, environment), 0);
  assert.is(host.entries.has(timelinePath), false);
  assert.is(host.entries.has('/var/lib/groundup'), false);
});

/** The next boot of the same node. */
const reboot = (host: FakeHost, id: string): void => {
  for (const path of host.entries.keys())
    if (path.startsWith('/run/groundup/')) host.entries.delete(path);
  const entry = host.entries.get('/proc/sys/kernel/random/boot_id');
  if (entry !== undefined) entry.content = `${id}\n`;
  assert.is(configure(host, environment), 0, outputOf(host));
};

test('each boot has its own file, and the last four before it are kept', () => {
  const host = createBooting();
  const ids = ['boot-1', 'boot-2', 'boot-3', 'boot-4', 'boot-5', 'boot-6'];
  for (const id of ids) reboot(host, id);
  const kept = timelinePaths.map((path) => parseTimeline(host.readFile(path) ?? '').bootId);
  assert.equal(kept, ids.toReversed().slice(0, 5));
  assert.equal(
    [...host.entries.keys()].filter((path) => path.includes('timeline')).toSorted(),
    timelinePaths.toSorted(),
  );
});

test('the file of another boot is never added to', () => {
  const host = createBooting();
  configure(host, environment);
  const entry = host.entries.get('/proc/sys/kernel/random/boot_id');
  if (entry !== undefined) entry.content = 'the next one\n';
  const record = openRecord(host);
  assert.equal(Object.keys(record.timeline()), ['kernel']);
});

test('configured again in a boot, each event keeps its first moment', () => {
  const host = createBooting();
  configure(host, environment);
  const first = readTimeline(host);
  host.sleep(60_000);
  configure(host, environment);
  assert.equal(readTimeline(host), first);
});

test('on a disk that was another instance’s, its timelines go, too', () => {
  const host = createBooting();
  for (const id of ['boot-1', 'boot-2', 'boot-3']) reboot(host, id);
  host.entries.set('/var/lib/groundup/instance-id', {
    kind: 'file',
    mode: 0o644,
    content: 'i-0000000000000077\n',
    inode: 0,
  });
  reboot(host, 'boot-4');
  assert.equal(
    timelinePaths.map((path) => parseTimeline(host.readFile(path) ?? '').bootId),
    ['boot-4', '', '', '', ''],
  );
});

test('in a warm pool the kubelet’s start may come days later', () => {
  const states = ['Warmed:Running', 'InService'];
  const host = createBooting({
    imds: (path) =>
      path.endsWith('target-lifecycle-state')
        ? { status: 200, body: states.shift() ?? 'InService' }
        : undefined,
    userData: 'name=worker-0|pod-cidr=172.20.0.0/24|group-size=1',
  });
  configure(host, environment);
  const prepared = readTimeline(host);
  assert.ok(prepared['files-written']);
  assert.is(prepared['services-started'], undefined);
  host.sleep(200_000_000);
  configure(host, environment);
  const { 'services-started': started, ...others } = readTimeline(host);
  assert.equal(others, prepared);
  assert.ok((started?.uptimeMs ?? 0) > 200_000_000);
});

test('a timeline that cannot be written is only logged', () => {
  const host = createBooting({
    beforeWrite: (operation, path) => {
      if (operation === 'rename' && path === timelinePath) throw new Error('Read-only file system');
    },
  });
  assert.is(configure(host, environment), 0);
  assert.ok(
    host.journal.includes(`warning: groundup: ${timelinePath}: Read-only file system`),
    host.journal.join('\n'),
  );
  assert.is(host.entries.has(`${timelinePath}.new`), false);
});

test.run();
