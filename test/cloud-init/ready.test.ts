// The wait for Ready on a fake host: what the API server's events mean, and the one line at the end.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { failureClasses } from '../../cloud-init/failure.ts';
import { judgeEvent, ready, type Judgement } from '../../cloud-init/ready.ts';
import { bootFiles, bootId, nodeEvent, serve, type Services } from '../fakes/api-server.ts';
import type { FakeHost } from '../fakes/host.ts';
import { createNode, environment, outputOf, secretMark } from '../fakes/node.ts';

const waiting = { isReady: false, isRegistered: false, hasNetwork: false };
const unregistered = { ...waiting, cause: 'the kubelet has not registered' };
const registered = { ...waiting, isRegistered: true };
const noNetwork = 'container runtime network not ready: NetworkReady=false';
const withoutCni = [
  `${noNetwork} reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized`,
  '[container runtime status check may not have completed yet, network state unknown]',
];

const judged: [string, string, Judgement][] = [
  [
    'Ready in this boot',
    nodeEvent('True'),
    { isReady: true, isRegistered: true, hasNetwork: true, cause: '' },
  ],
  ['Ready in the last boot', nodeEvent('True', 'other'), unregistered],
  ...withoutCni.map((message): [string, string, Judgement] => [
    `registered: ${message.slice(0, 40)}`,
    nodeEvent('False', bootId, message),
    { ...registered, cause: message },
  ]),
  [
    'registered with a network',
    nodeEvent('False', bootId, 'PLEG is not healthy'),
    { ...registered, hasNetwork: true, cause: 'PLEG is not healthy' },
  ],
  [
    'without conditions',
    JSON.stringify({ object: { status: { nodeInfo: { bootID: bootId } } } }),
    { ...registered, cause: 'the node has no Ready condition' },
  ],
  [
    'refused',
    JSON.stringify({ kind: 'Status', message: 'nodes is forbidden' }),
    { ...waiting, cause: 'the API server says: nodes is forbidden' },
  ],
  [
    'a watch that ended',
    JSON.stringify({ type: 'ERROR', object: { message: 'too old resource version' } }),
    { ...waiting, cause: 'the API server says: too old resource version' },
  ],
  ['no JSON', '<html>', { ...waiting, cause: 'the API server answers "<html>"' }],
];

for (const [name, line, expected] of judged)
  test(`an event: ${name}`, () => {
    assert.equal(judgeEvent(line, bootId), expected);
  });

/** A configured node, and the services that it will ask. */
const createConfigured = (services: Services): FakeHost => {
  const host = createNode({ files: bootFiles });
  configure(host, environment);
  host.journal.length = 0;
  host.ran.length = 0;
  host.stdins.length = 0;
  serve(host, services);
  return host;
};

test('one line on console and journal, and whoever waits can go on', () => {
  const host = createConfigured({
    nodes: (tries) =>
      tries === 1
        ? { stderr: 'curl: (7) Failed to connect' }
        : { lines: [nodeEvent('True', 'old'), nodeEvent('False'), '', nodeEvent('True')] },
    pods: () => {
      assert.ok(host.entries.has('/run/groundup/settled'), 'nothing waits for pods');
      assert.match(host.entries.get('/run/groundup/state.json')?.content ?? '', '"ready"');
      return {};
    },
  });
  assert.is(ready(host, environment), 0);
  const line = 'groundup: Ready in 3.6 s (user-data 0.0, secrets 0.0, kubelet 1.5, network 0.0)';
  assert.equal(host.consoleLines, [line]);
  assert.equal(host.journal, [`info: ${line}`]);
  assert.is(outputOf(host).includes(secretMark), false);
});

test('started again in a boot, the line is of now', () => {
  const host = createConfigured({ nodes: () => ({ lines: [nodeEvent('True')] }) });
  ready(host, environment);
  host.sleep(3_600_000);
  host.consoleLines.length = 0;
  assert.is(ready(host, environment), 0);
  assert.match(host.consoleLines.join('\n'), /^groundup: Ready in 39\d\d\.\d s$/);
});

test('after five minutes the last reason is told, and credentials in memory are gone', () => {
  const host = createConfigured({ nodes: () => ({ lines: [nodeEvent('False')] }) });
  assert.is(ready(host, environment), failureClasses['not-ready'].exitCode);
  assert.ok(host.entries.has('/run/groundup/settled'));
  const line =
    'groundup: NOT Ready: after 300 s: cni plugin not initialized; the kubelet goes on trying';
  assert.equal(host.consoleLines, [line]);
  assert.equal(
    [...host.entries.keys()].filter((path) => path.startsWith('/run/groundup/ready-')),
    [],
  );
});

const startsKubeProxy = 'systemctl start --no-block kube-proxy.service';
const withNetwork = nodeEvent('False', bootId, 'PLEG is not healthy');

test('kube-proxy starts when the node is Ready, before anybody is told', () => {
  const host = createConfigured({
    nodes: () => ({ lines: [withNetwork, nodeEvent('True')] }),
    pods: () => {
      assert.is(host.ran.filter((line) => line === startsKubeProxy).length, 1);
      return {};
    },
  });
  host.console = () => assert.ok(host.ran.includes(startsKubeProxy));
  assert.is(ready(host, environment), 0);
});

for (const [what, event, tries] of [
  ['3 s for its pod network', nodeEvent('False'), 3],
  ['30 s for anything else', withNetwork, 21],
] as const)
  test(`kube-proxy starts when a registered node has waited ${what}`, () => {
    const host = createConfigured({
      nodes: (count) => {
        assert.is(host.ran.includes(startsKubeProxy), count >= tries, `request ${count}`);
        return { lines: [count > 25 ? nodeEvent('True') : event] };
      },
    });
    assert.is(ready(host, environment), 0);
    assert.is(host.ran.filter((line) => line === startsKubeProxy).length, 1);
  });

test('kube-proxy starts, too, when the node does not become Ready or cannot be watched', () => {
  for (const nodes of [() => ({ stderr: 'curl: (7)' }), () => ({ lines: ['<html>'] })]) {
    const host = createConfigured({ nodes });
    assert.is(ready(host, environment), failureClasses['not-ready'].exitCode);
    assert.is(host.ran.filter((line) => line === startsKubeProxy).length, 1);
  }
});

test('systemd that does not start kube-proxy is an error of the journal', () => {
  const host = createConfigured({ nodes: () => ({ lines: [nodeEvent('True')] }) });
  const run = host.run.bind(host);
  host.run = (file, args, options) =>
    args.at(-1) === 'kube-proxy.service'
      ? { exitCode: 5, stdout: '', stderr: 'Unit kube-proxy.service not found.\n' }
      : run(file, args, options);
  assert.is(ready(host, environment), 0);
  assert.match(
    host.journal.join('\n'),
    'error: groundup: systemctl start kube-proxy.service: Unit kube-proxy.service not found.',
  );
});

test('a node that was never configured says so', () => {
  const host = createNode();
  assert.is(ready(host, environment), failureClasses['not-ready'].exitCode);
  assert.equal(host.consoleLines, [
    'groundup: NOT Ready: /var/lib/kubelet/node.env: no NODE_NAME; nothing was written',
  ]);
});

test.run();
