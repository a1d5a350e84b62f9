// What a group's hook is told, and when: CONTINUE by `ready`, ABANDON by whatever fails, each once.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { lifecycleHookPath } from '../../cloud-init/lifecycle-hook.ts';
import { ready } from '../../cloud-init/ready.ts';
import type { FakeHost, FakeResponse } from '../fakes/host.ts';
import {
  autoscalingUrl,
  createNode,
  environment,
  goodUserData,
  outputOf,
  secretMark,
  type NodeOptions,
} from '../fakes/node.ts';

const userData = `${goodUserData}|lifecycle-hook=blue workers/1:ready`;
const bootId = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';

export const accepted: FakeResponse = {
  status: 200,
  body: '<CompleteLifecycleActionResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"/>',
};

const refused = (status: number, code: string, message: string): FakeResponse => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});

const notWaiting = refused(
  400,
  'ValidationError',
  'No active Lifecycle Action found with instance ID i-0123456789abc0014',
);

/** A node with a hook, and what the hook was told. */
const createHooked = (answer: (tries: number) => FakeResponse, options: NodeOptions = {}) => {
  const told: string[] = [];
  const host = createNode({
    userData,
    metadata: { 'meta-data/autoscaling/target-lifecycle-state': 'InService' },
    files: { '/proc/sys/kernel/random/boot_id': `${bootId}\n` },
    autoscaling: (tries, config) => {
      told.push(/LifecycleActionResult=(\w+)/.exec(config)?.[1] ?? config);
      return answer(tries);
    },
    ...options,
  });
  return { host, told };
};

/** The second half of a boot; the API server says Ready, or never answers. */
const runReady = (host: FakeHost, isReady: boolean): number => {
  host.journal.length = 0;
  host.consoleLines.length = 0;
  const inner = host.run.bind(host);
  const condition = {
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { bootID: bootId },
  };
  host.run = (file, args, options) => {
    if (options.onLine === undefined) return inner(file, args, options);
    if (!isReady) return { exitCode: 7, stdout: '', stderr: 'curl: (7) Failed to connect' };
    options.onLine(JSON.stringify({ object: { status: condition } }));
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const exitCode = ready(host, environment);
  host.run = inner;
  return exitCode;
};

const inGroupOfOne = `${userData}|group-size=1`;

test('Ready is told as CONTINUE, by a signed request of the group’s own form', () => {
  const { host, told } = createHooked(() => accepted, { userData: inGroupOfOne });
  assert.is(configure(host, environment), 0, outputOf(host));
  assert.equal(told, []);
  assert.is(host.entries.get(lifecycleHookPath)?.mode, 0o600);
  assert.is(runReady(host, true), 0);
  assert.equal(told, ['CONTINUE']);
  assert.is(host.journal.at(-1), 'info: groundup: CONTINUE sent (blue workers/1:ready)');
  assert.is(host.consoleLines.length, 1);
  const config = host.stdins.find((text) => text.includes(autoscalingUrl)) ?? '';
  assert.match(
    config,
    'Action=CompleteLifecycleAction&Version=2011-01-01&AutoScalingGroupName=blue%20workers%2F1&' +
      'LifecycleHookName=ready&InstanceId=i-0123456789abc0014&LifecycleActionResult=CONTINUE',
  );
  assert.match(config, 'aws-sigv4 = "aws:amz:eu-central-1:autoscaling"');
  assert.is(outputOf(host).includes(secretMark), false);
});

test('a reboot finds no hook that waits, which is no failure', () => {
  const { host } = createHooked(() => notWaiting, { userData: inGroupOfOne });
  configure(host, environment);
  assert.is(runReady(host, true), 0);
  assert.is(
    host.journal.at(-1),
    'info: groundup: no hook waits for CONTINUE (blue workers/1:ready)',
  );
  assert.is(host.consoleLines.length, 1);
});

const problems: [string, FakeResponse, string][] = [
  [
    'a right that is missing',
    refused(
      403,
      'AccessDenied',
      'User: i-0 is not authorized to perform: autoscaling:CompleteLifecycleAction',
    ),
    'AccessDenied: User: i-0 is not authorized to perform: autoscaling:CompleteLifecycleAction',
  ],
  ['an answer of somebody else', { status: 200, body: '<html>proxy</html>' }, 'HTTP 200'],
  ['a page in its place', { status: 404, body: 'not here' }, 'HTTP 404'],
];
for (const [name, answer, words] of problems)
  test(`Ready, and the hook can't be told: ${name}`, () => {
    const { host, told } = createHooked(() => answer, { userData: inGroupOfOne });
    configure(host, environment);
    assert.is(runReady(host, true), 0);
    assert.is(told.length, 1);
    const line = `groundup: CONTINUE not sent: ${words} (blue workers/1:ready)`;
    assert.is(host.journal.at(-1), `error: ${line}`);
    assert.is(host.consoleLines.at(-1), line);
  });

for (const [name, answer] of [
  ['throttled', refused(400, 'Throttling', 'Rate exceeded')],
  ['busy', refused(500, 'ResourceContention', 'a pending update')],
  ['unreachable', { status: 0, error: 'Could not resolve host' }],
] as [string, FakeResponse][])
  test(`the hook is asked again when the service is ${name}`, () => {
    const { host, told } = createHooked((tries) => (tries < 3 ? answer : accepted), {
      userData: inGroupOfOne,
    });
    configure(host, environment);
    runReady(host, true);
    assert.equal(told, ['CONTINUE', 'CONTINUE', 'CONTINUE']);
    assert.match(host.journal.at(-1) ?? '', 'CONTINUE sent');
  });

test('the service never answers: a bounded number of tries, and the line says so', () => {
  const { host, told } = createHooked(() => ({ status: 503 }), { userData: inGroupOfOne });
  configure(host, environment);
  runReady(host, true);
  assert.is(told.length, 6);
  assert.match(host.consoleLines.at(-1) ?? '', /CONTINUE not sent: HTTP 503 \(6 tries in \d+ s\)/);
});

test('not Ready is told as ABANDON, on the one line of the failure', () => {
  const { host, told } = createHooked(() => accepted, { userData: inGroupOfOne });
  configure(host, environment);
  assert.is(runReady(host, false), 79);
  assert.equal(told, ['ABANDON']);
  assert.equal(host.consoleLines, [
    'groundup: NOT Ready: after 300 s: curl: (7) Failed to connect; the kubelet goes on trying; ABANDON sent',
  ]);
});

const failures: [string, NodeOptions, string][] = [
  [
    'a secret that is missing',
    { userData: inGroupOfOne, secretFields: {} },
    'nothing was written; ABANDON sent',
  ],
  [
    'user-data with other faults',
    { userData: `${userData}|max-pods=0` },
    'nothing was written; ABANDON sent',
  ],
  ['a fixed range in a group', { userData }, 'nothing was written; ABANDON sent'],
];
for (const [name, options, words] of failures)
  test(`ABANDON for ${name}`, () => {
    const { host, told } = createHooked(() => accepted, options);
    assert.is.not(configure(host, environment), 0);
    assert.equal(told, ['ABANDON']);
    assert.is(host.consoleLines.length, 1);
    assert.ok(host.consoleLines[0]?.endsWith(words), host.consoleLines[0]);
  });

test('a hook of a wrong form, a failure before user-data, and a node without one tell nobody', () => {
  const quiet: NodeOptions[] = [
    { userData: `${goodUserData}|lifecycle-hook=workers` },
    { userData: inGroupOfOne, imds: () => ({ status: 0 }) },
    { userData: `${goodUserData}|max-pods=0` },
  ];
  for (const options of quiet) {
    const { host, told } = createHooked(() => accepted, options);
    assert.is.not(configure(host, environment), 0);
    assert.equal(told, []);
    assert.not.match(host.consoleLines.join(''), 'ABANDON');
  }
});

test('ABANDON that cannot be sent says why and keeps the exit code', () => {
  const { host } = createHooked(() => refused(403, 'AccessDenied', 'no'), {
    userData: `${userData}|max-pods=0`,
  });
  assert.is(configure(host, environment), 65);
  assert.ok(host.consoleLines[0]?.endsWith('; ABANDON not sent: AccessDenied: no'));
});

test.run();
