// What a node tells of its boot, and how its processes are counted.
import { execa } from 'execa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  parseProcesses,
  parseReport,
  processesScript,
  reportScript,
} from '../../../scripts/bench/node-report.ts';

const report = (network: string, timeline: string) => `userspace 2700000
wait-online ${network}
network-online 13500000
containerd 14000000
kubelet 15900000
processes 87
${timeline}`;

test('what systemd prints becomes seconds', () => {
  const { timeline, ...rest } = parseReport(report('13000000', ''));
  assert.equal(timeline, []);
  assert.equal(rest, {
    userspaceSeconds: 2.7,
    networkSeconds: 13,
    containerdSeconds: 14,
    kubeletSeconds: 15.9,
    processes: 87,
  });
  assert.is(parseReport(report('0', '')).networkSeconds, 13.5);
  assert.ok(Number.isNaN(parseReport('').kubeletSeconds));
});

test('the node’s own timeline, with or without bytes, torn or not', () => {
  const lines = [
    '{"event":"network-online","uptimeMs":12000,"readBytes":1048576}',
    '{"event":"user-data-read","uptimeMs":12500}',
    '{"event":"sec',
  ];
  const { timeline, networkSeconds } = parseReport(report('0', lines.join('\n')));
  assert.is(networkSeconds, 12);
  assert.equal(timeline, [
    { event: 'network-online', uptimeMs: 12_000, readBytes: 1_048_576 },
    { event: 'user-data-read', uptimeMs: 12_500 },
  ]);
});

test('processes are counted up to a number, without kernel threads and threads', async () => {
  // On this machine, whose numbers are not those of a fresh boot; a shell stands in for the kubelet.
  const script = `systemctl() { echo $$; }\n${processesScript}`;
  const { stdout } = await execa('sh', ['-c', script], { timeout: 60_000 });
  assert.ok(parseProcesses(stdout) < process.pid + 1_000_000);
  assert.ok(parseProcesses(stdout) >= 0, stdout);
  assert.ok(Number.isNaN(parseProcesses('no such line')));
});

test('the scripts are sh', async () => {
  const { exitCode } = await execa('sh', ['-n'], { input: reportScript, timeout: 10_000 });
  assert.is(exitCode, 0);
});

test.run();
