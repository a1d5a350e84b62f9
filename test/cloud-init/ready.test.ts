// The wait for Ready on a fake host: what the API server's events mean, and the one line at the end.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { failureClasses } from '../../cloud-init/failure.ts';
import { judgeEvent, ready } from '../../cloud-init/ready.ts';
import { createNode, environment, outputOf, secretMark, type NodeOptions } from '../fakes/node.ts';

const bootId = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';

const event = (status: string, bootID = bootId, message = 'cni plugin not initialized'): string =>
  JSON.stringify({
    type: 'MODIFIED',
    object: {
      status: { conditions: [{ type: 'Ready', status, message }], nodeInfo: { bootID } },
    },
  });

const judged: [string, string, ReturnType<typeof judgeEvent>][] = [
  ['Ready in this boot', event('True'), { ready: true }],
  ['Ready in the last boot', event('True', 'other'), { cause: 'the kubelet has not registered' }],
  ['not Ready', event('False'), { cause: 'cni plugin not initialized' }],
  [
    'refused',
    JSON.stringify({ kind: 'Status', message: 'nodes is forbidden' }),
    { cause: 'the API server says: nodes is forbidden' },
  ],
  [
    'a watch that ended',
    JSON.stringify({ type: 'ERROR', object: { message: 'too old resource version' } }),
    { cause: 'the API server says: too old resource version' },
  ],
  ['no JSON', '<html>', { cause: 'the API server answers "<html>"' }],
];

for (const [name, line, expected] of judged)
  test(`an event: ${name}`, () => {
    assert.equal(judgeEvent(line, bootId), expected);
  });

/** A configured node; `watch` plays the API server, once for each request. */
const createConfigured = (watch: (tries: number) => { stdout?: string; stderr?: string }) => {
  const options: NodeOptions = { files: { '/proc/sys/kernel/random/boot_id': `${bootId}\n` } };
  const host = createNode(options);
  configure(host, environment);
  host.journal.length = 0;
  host.ran.length = 0;
  host.stdins.length = 0;
  let tries = 0;
  const inner = host.run.bind(host);
  host.run = (file, args, runOptions) => {
    if (file !== 'curl') return inner(file, args, runOptions);
    tries += 1;
    host.ran.push([file, ...args].join(' '));
    host.stdins.push(String(runOptions.stdin));
    const { stdout = '', stderr = '' } = watch(tries);
    const isEnough = stdout.split('\n').some((line) => runOptions.onLine?.(line));
    return { exitCode: isEnough ? 0 : 7, stdout: '', stderr };
  };
  return host;
};

test('one line on console and journal, and the timeline is complete', () => {
  const host = createConfigured((tries) =>
    tries === 1
      ? { stderr: 'curl: (7) Failed to connect' }
      : { stdout: `${event('True', 'old')}\n${event('False')}\n${event('True')}\n` },
  );
  const inner = host.run.bind(host);
  host.run = (file, args, options) =>
    file === 'systemctl'
      ? { exitCode: 0, stdout: 'UserspaceTimestampMonotonic=1500000\n', stderr: '' }
      : inner(file, args, options);
  assert.is(ready(host), 0);
  const line = 'groundup: Ready in 3.6 s (user-data 0.0, secrets 0.0, kubelet 1.5)';
  assert.equal(host.consoleLines, [line]);
  assert.equal(host.journal, [`info: ${line}`]);
  assert.equal(host.ran, ['curl -q --config -', 'curl -q --config -']);
  assert.is(outputOf(host).includes(secretMark), false);
  const timeline = host.readFile('/var/lib/groundup/timeline.jsonl') ?? '';
  assert.equal(
    timeline
      .trimEnd()
      .split('\n')
      .map((text) => (JSON.parse(text) as { event: string }).event),
    [
      'userspace',
      'network-online',
      'user-data-read',
      'secrets-read',
      'files-written',
      'services-started',
      'node-ready',
    ],
  );
});

test('after five minutes the last reason is told, and credentials in memory are gone', () => {
  const host = createConfigured(() => ({ stdout: `${event('False')}\n` }));
  assert.is(ready(host), failureClasses['not-ready'].exitCode);
  const line =
    'groundup: NOT Ready: after 300 s: cni plugin not initialized; the kubelet goes on trying';
  assert.equal(host.consoleLines, [line]);
  assert.equal(
    [...host.entries.keys()].filter((path) => path.startsWith('/run/groundup/ready-')),
    [],
  );
});

test('a node that was never configured says so', () => {
  const host = createNode();
  assert.is(ready(host), failureClasses['not-ready'].exitCode);
  assert.equal(host.consoleLines, [
    'groundup: NOT Ready: /var/lib/kubelet/node.env: no NODE_NAME; nothing was written',
  ]);
});

test.run();
