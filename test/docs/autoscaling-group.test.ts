// docs/autoscaling-group.md and docs/karpenter.md: what the examples show is what node and checker say.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse, parseAllDocuments } from 'yaml';
import { configure } from '../../cloud-init/agent.ts';
import { ready } from '../../cloud-init/ready.ts';
import { checkUserData } from '../../cloud-init/validate.ts';
import type { FakeHost } from '../fakes/host.ts';
import {
  bootstrapFields,
  createNode,
  environment,
  secretValues,
  settings,
  sharedFields,
  type NodeOptions,
} from '../fakes/node.ts';
import { readFences } from './page.ts';

const fences = await readFences('docs/autoscaling-group.md');
const fence = (info: string): string => {
  const found = fences.find((one) => one.info === info);
  assert.ok(found, info);
  return found.text;
};

const group = fence('user-data group').trim();
const place = 'meta-data/network/interfaces/macs/0e:49:61:0f:c3:14';
const statePath = 'meta-data/autoscaling/target-lifecycle-state';
const prefix = `k8s/${settings.cluster}`;
const inGroup = {
  [statePath]: 'InService',
  [`${place}/subnet-ipv4-cidr-block`]: '172.31.0.0/24',
  [`${place}/ipv4-prefix`]: '172.31.0.64/28\n172.31.0.96/28',
};
const accepted = { status: 200, body: '<CompleteLifecycleActionResponse/>' };
const denied = {
  status: 403,
  body:
    '<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: ' +
    'arn:aws:sts::000000000000:assumed-role/worker/i-0 is not authorized to perform: ' +
    'autoscaling:CompleteLifecycleAction</Message></Error></ErrorResponse>',
};

const missing = {
  status: 200,
  body: JSON.stringify({
    SecretValues: [],
    Errors: [{ SecretId: `${prefix}/bootstrap`, ErrorCode: 'ResourceNotFoundException' }],
  }),
};

const createMember = (options: NodeOptions): FakeHost =>
  createNode({
    userData: group,
    autoscaling: () => accepted,
    secrets: () =>
      secretValues({
        [`${prefix}/bootstrap`]: bootstrapFields(),
        [`${prefix}/shared`]: sharedFields(),
      }),
    ...options,
    metadata: { ...inGroup, ...options.metadata },
  });

/** Boots a member of the group; with `isReady` up to the moment when the API server says so. */
const boot = (options: NodeOptions, isReady = false): FakeHost => {
  const host = createMember(options);
  configure(host, environment);
  if (!isReady) return host;
  const files = {
    '/proc/sys/kernel/random/boot_id': 'boot',
    // As the kubelet writes it once its request was granted.
    '/var/lib/kubelet/kubeconfig': host.readFile('/run/groundup/bootstrap/kubeconfig') ?? '',
  };
  for (const [path, content] of Object.entries(files))
    host.entries.set(path, { kind: 'file', mode: 0o600, content, inode: 0 });
  const inner = host.run.bind(host);
  host.run = (file, args, runOptions) => {
    if (runOptions.onLine === undefined) return inner(file, args, runOptions);
    const status = {
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { bootID: 'boot' },
    };
    runOptions.onLine(JSON.stringify({ object: { status } }));
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  ready(host, environment);
  return host;
};

const scenarios: Record<string, () => FakeHost> = {
  'fixed-range': () => boot({ userData: group.replace('imds-prefix', '172.20.0.0/24') }),
  abandoned: () => boot({ secrets: () => missing }),
  'not-allowed': () => boot({ autoscaling: () => denied }, true),
  warm: () => boot({ metadata: { [statePath]: 'Warmed:Stopped' } }),
};

for (const { info, text } of fences) {
  const [kind, scenario = ''] = info.split(' ');
  if (kind !== 'console' && kind !== 'journal') continue;
  test(`${scenario} is what the ${kind} says`, () => {
    const run = scenarios[scenario];
    assert.ok(run, scenario);
    const host = run();
    const lines = kind === 'console' ? host.consoleLines : host.journal;
    assert.is(lines.at(-1)?.replace(/^\w+: (?=groundup:)/, ''), text.trim());
  });
}

test('the right of the page is the one call that the agent makes', () => {
  const policy = JSON.parse(fence('json policy')) as { Statement: { Action: string }[] };
  const host = boot({}, true);
  const calls = host.stdins.flatMap((text) => /Action=(\w+)/.exec(text)?.[1] ?? []);
  assert.equal(calls, ['CompleteLifecycleAction']);
  assert.equal(
    policy.Statement.map(({ Action }) => Action),
    ['autoscaling:CompleteLifecycleAction'],
  );
});

const karpenter = (await readFences('docs/karpenter.md')).find(
  ({ info }) => info === 'yaml karpenter',
);

test('the user-data for Karpenter is valid, and says what its NodeClass says', () => {
  assert.ok(karpenter);
  const [nodeClass] = parseAllDocuments(karpenter.text).map((one) => parse(String(one))) as {
    spec: { userData: string; kubelet: { maxPods: number }; ipPrefixCount: number };
  }[];
  assert.ok(nodeClass);
  const { userData, kubelet, ipPrefixCount } = nodeClass.spec;
  const check = checkUserData(userData, settings);
  assert.is(check.kind, 'node');
  if (check.kind !== 'node') return;
  assert.equal(check.warnings, []);
  assert.is(check.request.maxPods, kubelet.maxPods);
  assert.is(ipPrefixCount * 16, kubelet.maxPods);
  assert.equal(check.request.taints, [
    { key: 'karpenter.sh/unregistered', value: '', effect: 'NoExecute' },
  ]);
});

test.run();
