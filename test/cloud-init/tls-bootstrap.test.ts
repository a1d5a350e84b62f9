// identity tls-bootstrap on a fake host: the first boot's token, later boots without a secret, and what
// sends a node back to its token.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { bootstrapFolder, bootstrapPath, kubeletClientPath } from '../../cloud-init/derive.ts';
import { failureClasses } from '../../cloud-init/failure.ts';
import { ready } from '../../cloud-init/ready.ts';
import { makeCertificate, type CertificateOptions } from '../fakes/certificate.ts';
import type { FakeHost } from '../fakes/host.ts';
import {
  bootstrapFields,
  createNode,
  environment,
  nodeFields,
  outputOf,
  secretMark,
  secretsUrl,
  settings,
  sharedFields,
  type NodeOptions,
} from '../fakes/node.ts';

const userData = 'name=worker-0|pod-cidr=172.20.0.0/24|identity=tls-bootstrap';
const bootstrapSecret = `k8s/${settings.cluster}/bootstrap`;
const sharedSecret = `k8s/${settings.cluster}/shared`;
const kubeconfigPath = '/var/lib/kubelet/kubeconfig';
const day = (count: number) => new Date(Date.now() + count * 86_400_000);

const createBootstrapNode = (options: NodeOptions = {}): FakeHost =>
  createNode({
    userData,
    secretFields: { [bootstrapSecret]: bootstrapFields(), [sharedSecret]: sharedFields() },
    ...options,
  });

type Entries = FakeHost['entries'];

/** What a kubelet leaves on the disk once its request was granted; /run is gone after a reboot. */
const afterFirstBoot = (certificate: CertificateOptions = {}): Entries => {
  const host = createBootstrapNode();
  assert.is(configure(host, environment), 0, outputOf(host));
  const left: Entries = new Map([...host.entries].filter(([path]) => !path.startsWith('/run/')));
  const add = (path: string, content: string) =>
    left.set(path, { kind: 'file', mode: 0o600, content, inode: 0 });
  add(kubeletClientPath, makeCertificate({ commonName: 'system:node:worker-0', ...certificate }));
  add(kubeconfigPath, 'apiVersion: v1\n');
  return left;
};

const bootAgain = (left: Entries, options: NodeOptions = {}): FakeHost => {
  const host = createBootstrapNode(options);
  for (const [path, entry] of left) host.entries.set(path, entry);
  assert.is(configure(host, environment), 0, outputOf(host));
  return host;
};

const noSecrets: NodeOptions = { secrets: () => ({ status: 503 }) };

test('the first boot writes the token where no disk has it, and no certificate', () => {
  const host = createBootstrapNode();
  assert.is(configure(host, environment), 0, outputOf(host));
  assert.is(host.entries.get(bootstrapFolder)?.mode, 0o700);
  assert.is(host.entries.get(bootstrapPath)?.mode, 0o600);
  assert.match(host.readFile(bootstrapPath) ?? '', 'token: ');
  assert.is(host.readFile(kubeconfigPath), undefined);
  const held = [...host.entries].filter(([path, { content }]) =>
    path.startsWith('/run/') ? false : content.includes('token: '),
  );
  assert.equal(held, []);
  assert.is(outputOf(host).includes(secretMark), false);
  const config = host.readFile('/var/lib/kubelet/kubelet-config.yaml') ?? '';
  assert.match(config, /^rotateCertificates: true$/m);
  assert.match(config, /^tlsCertFile: ""$/m);
});

test('a later boot needs neither token nor Secrets Manager', () => {
  const host = bootAgain(afterFirstBoot(), noSecrets);
  assert.is(host.asked.includes(secretsUrl), false);
  assert.is(host.readFile(bootstrapPath), undefined);
  assert.equal(host.journal, [
    'info: groundup: k8s-cluster-from-ground-up-worker-0 is node worker-0 (nothing has changed)',
  ]);
});

test('a later boot is refused a range of the VPC, as the first would be', () => {
  const host = createBootstrapNode({
    ...noSecrets,
    userData: userData.replace('172.20.0.0/24', '172.31.0.0/24'),
  });
  for (const [path, entry] of afterFirstBoot()) host.entries.set(path, entry);
  assert.is(configure(host, environment), failureClasses['user-data'].exitCode);
  assert.match(host.consoleLines.join(''), 'error[pod-cidr-overlaps-');
  assert.is(host.asked.includes(secretsUrl), false);
});

const recordAs = (content: string) => (left: Entries) =>
  void left.set('/var/lib/groundup/instance-id', { kind: 'file', mode: 0o644, content, inode: 0 });

const backToToken: [string, (left: Entries) => void][] = [
  ['no certificate', (left) => void left.delete(kubeletClientPath)],
  ['no CA', (left) => void left.delete('/var/lib/kubernetes/ca.pem')],
  ['another instance', recordAs('i-7\n')],
  ['another identity', recordAs('i-0123456789abc0014\n')],
  [
    'another cluster',
    (left) => {
      const path = '/var/lib/groundup/instance-id';
      const content = left.get(path)?.content ?? '';
      assert.match(content, settings.cluster);
      recordAs(content.replaceAll(settings.cluster, 'prod'))(left);
    },
  ],
];
for (const [name, spoil] of backToToken)
  test(`back to the token: ${name}`, () => {
    const left = afterFirstBoot();
    spoil(left);
    const host = bootAgain(left);
    assert.ok(host.asked.includes(secretsUrl));
    assert.match(host.readFile(bootstrapPath) ?? '', 'token: ');
  });

const certificates: [string, CertificateOptions][] = [
  ['expired', { notBefore: day(-20), notAfter: day(-1) }],
  ['not valid yet', { notBefore: day(1), notAfter: day(20) }],
  ['of another name', { commonName: 'system:node:worker-7' }],
];
for (const [name, options] of certificates)
  test(`back to the token: a certificate that is ${name}`, () => {
    const host = bootAgain(afterFirstBoot(options));
    assert.match(host.readFile(bootstrapPath) ?? '', 'token: ');
  });

test('without a name the instance id is the name', () => {
  const host = createBootstrapNode({ userData: 'pod-cidr=172.20.0.0/24|identity=tls-bootstrap' });
  assert.is(configure(host, environment), 0, outputOf(host));
  assert.match(
    host.readFile('/var/lib/kubelet/node.env') ?? '',
    /^NODE_NAME=i-0123456789abc0014$/m,
  );
});

test('without a name files of a secret cannot be found', () => {
  const host = createBootstrapNode({ userData: 'pod-cidr=172.20.0.0/24' });
  assert.is(configure(host, environment), failureClasses['user-data'].exitCode);
  assert.match(host.consoleLines.join(''), 'error[missing-key] user-data:1:23 name: ');
});

const wrongFields: [string, Record<string, unknown>, string][] = [
  [
    'no field',
    {},
    `secret ${bootstrapSecret} has no field bootstrap.kubeconfig (docs/identity.md says what each secret holds)`,
  ],
  [
    'a token of another form',
    bootstrapFields('token: nothing'),
    `secret ${bootstrapSecret}: bootstrap.kubeconfig has no bootstrap token ` +
      '(a token is six characters, a dot and sixteen: kubeadm token generate makes one)',
  ],
  [
    'no credentials',
    bootstrapFields(''),
    `secret ${bootstrapSecret}: bootstrap.kubeconfig has neither a client certificate with its key ` +
      'nor a token (write it again with kubectl config)',
  ],
];
for (const [name, fields, says] of wrongFields)
  test(`a wrong secret: ${name}`, () => {
    const secretFields = { [bootstrapSecret]: fields, [sharedSecret]: sharedFields() };
    const host = createBootstrapNode({ secretFields });
    assert.is(configure(host, environment), failureClasses['secret-content'].exitCode);
    assert.equal(host.consoleLines, [`groundup: NOT configured: ${says}; nothing was written`]);
  });

/** A kubelet that has its certificate after some time, and an API server that calls the node Ready. */
const bootTo = (host: FakeHost, grantedAfter: number): number => {
  assert.is(configure(host, environment), 0, outputOf(host));
  const bootId = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';
  let waits = 0;
  const fields = nodeFields();
  const kubeconfig = Object.entries(fields).find(([name]) => name.endsWith('.kubeconfig'))?.[1];
  const inner = host.run.bind(host);
  const sleep = host.sleep.bind(host);
  const readFile = host.readFile.bind(host);
  host.readFile = (path) => (path.endsWith('boot_id') ? bootId : readFile(path));
  host.sleep = (durationMs) => {
    sleep(durationMs);
    waits += 1;
    if (waits !== grantedAfter) return;
    host.createFile(kubeconfigPath, String(kubeconfig), 0o600);
    host.entries.set(kubeletClientPath, { kind: 'file', mode: 0o600, content: 'pem', inode: 0 });
  };
  host.run = (file, args, options) => {
    if (file !== 'curl') return inner(file, args, options);
    const status = {
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { bootID: bootId },
    };
    options.onLine?.(JSON.stringify({ type: 'ADDED', object: { status } }));
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  return ready(host, environment);
};

test('the token is removed once the node is Ready with its certificate', () => {
  const host = createBootstrapNode();
  assert.is(bootTo(host, 3), 0, outputOf(host));
  assert.is(host.readFile(bootstrapPath), undefined);
  assert.match(host.consoleLines.join(''), 'groundup: Ready in ');
});

test('a request that nobody approves is told', () => {
  const host = createBootstrapNode();
  assert.is(bootTo(host, Infinity), failureClasses['not-ready'].exitCode);
  assert.equal(host.consoleLines, [
    'groundup: NOT Ready: after 300 s: the kubelet has no certificate yet ' +
      '(was its request approved?); the kubelet goes on trying',
  ]);
  assert.match(host.readFile(bootstrapPath) ?? '', 'token: ');
});

test.run();
