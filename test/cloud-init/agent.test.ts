// One boot on a fake host: what a good one does, and what every class of failure says and leaves.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../cloud-init/agent.ts';
import { failureClasses } from '../../cloud-init/failure.ts';
import { HostError } from '../../cloud-init/hosts/host.ts';
import { fakeKeys, type CertificateOptions } from '../fakes/certificate.ts';
import type { FakeHost } from '../fakes/host.ts';
import {
  createNode,
  environment,
  nodeFields,
  outputOf,
  secretMark,
  sharedFields,
  type Fields,
  type NodeOptions,
} from '../fakes/node.ts';

/** Without the image's, those in memory, and what each boot says of itself. */
const othersPattern = /^\/(?:(?:etc\/groundup|run)\/|var\/lib\/groundup\/timeline)/;

const filesOf = (host: FakeHost): Record<string, string> =>
  Object.fromEntries(
    [...host.entries]
      .filter(([path, { kind }]) => kind === 'file' && !othersPattern.test(path))
      .map(([path, { mode }]) => [path, mode.toString(8)]),
  );

const worker = 'k8s-cluster-from-ground-up-worker-0';
const nodeSecret = 'k8s/k8s-cluster-from-ground-up/worker-0';
const sharedSecret = 'k8s/k8s-cluster-from-ground-up/shared';
const start = 'systemctl start --no-block kubelet.service groundup-ready.service';
const restart = start.replace('start', 'restart');

test('a first boot writes every file with its mode and starts the services', () => {
  const host = createNode();
  assert.is(configure(host, environment), 0);
  assert.equal(filesOf(host), {
    '/var/lib/kubernetes/ca.pem': '600',
    [`/var/lib/kubelet/${worker}.pem`]: '600',
    [`/var/lib/kubelet/${worker}-key.pem`]: '600',
    '/var/lib/kube-proxy/kubeconfig': '600',
    '/var/lib/kubelet/kubeconfig': '600',
    '/etc/cni/net.d/172-20-bridge.conflist': '644',
    '/etc/cni/net.d/99-loopback.conf': '644',
    '/var/lib/kubelet/kubelet-config.yaml': '644',
    '/var/lib/kube-proxy/kube-proxy-config.yaml': '644',
    '/var/lib/kubelet/node.env': '644',
    '/var/lib/groundup/instance-id': '644',
  });
  assert.is(host.entries.get('/var/lib/groundup/timeline.jsonl')?.mode, 0o644);
  assert.is(host.ran.at(-1), restart);
  assert.equal(host.journal, [
    `info: groundup: ${worker} is node ip-172-31-0-20 (11 files written)`,
  ]);
  assert.equal(host.consoleLines, []);
});

test('a boot runs six programs: four curl, openssl and systemctl', () => {
  const host = createNode();
  configure(host, environment);
  assert.equal(
    host.ran.map((line) => line.split(' ')[0]),
    ['curl', 'curl', 'curl', 'curl', 'openssl', 'systemctl'],
  );
  assert.equal(
    host.ran.filter((line) => line.startsWith('curl')),
    Array(4).fill('curl -q --config -'),
  );
});

test('the second boot touches no file and still starts the services', () => {
  const host = createNode();
  configure(host, environment);
  // But for what each boot says of itself.
  const inodes = () =>
    [...host.entries]
      .map(([path, { inode }]) => `${path} ${inode}`)
      .filter((line) => !/timeline|^\/run\//.test(line));
  const before = inodes();
  assert.is(configure(host, environment), 0);
  assert.equal(inodes(), before);
  assert.is(host.ran.at(-1), start);
  assert.is(
    host.journal.at(-1),
    `info: groundup: ${worker} is node ip-172-31-0-20 (nothing has changed)`,
  );
});

test('with another name the key of the old one is gone', () => {
  const first = createNode();
  configure(first, environment);
  const renamed = createNode({
    userData: 'name=worker-7|pod-cidr=172.20.0.0/24',
    secretFields: {
      'k8s/k8s-cluster-from-ground-up/worker-7': nodeFields('k8s-cluster-from-ground-up-worker-7'),
      'k8s/k8s-cluster-from-ground-up/shared': sharedFields(),
    },
  });
  for (const [path, entry] of first.entries)
    if (path.startsWith('/var/')) renamed.entries.set(path, entry);
  assert.is(configure(renamed, environment), 0, outputOf(renamed));
  assert.equal(
    [...renamed.entries.keys()].filter((path) => path.includes('worker-0')),
    [],
  );
});

test('every fault at once, also what only the instance knows', () => {
  const host = createNode({ userData: 'name=Foo|pod-cidr=172.31.0.0/24' });
  assert.is(configure(host, environment), failureClasses['user-data'].exitCode);
  const said = host.consoleLines.join('');
  assert.match(said, '2 errors: error[bad-value] user-data:1:6 name: ');
  assert.match(said, 'error[pod-cidr-overlaps-');
});

test('prefixes are looked for, too, when the user-data is refused', () => {
  const host = createNode({ userData: 'name=Foo|pod-cidr=imds-prefix' });
  assert.is(configure(host, environment), failureClasses['user-data'].exitCode);
  assert.match(host.consoleLines.join(''), 'error[no-prefixes] user-data:1:19 pod-cidr: ');
});

test('a metadata service that says nothing of the network hides no fault of the text', () => {
  const host = createNode({
    userData: 'name=Foo|pod-cidr=172.31.0.0/24',
    imds: (path) => (path.includes('cidr-block') ? { status: 404 } : undefined),
  });
  assert.is(configure(host, environment), failureClasses['user-data'].exitCode);
  assert.match(host.consoleLines.join(''), 'error[bad-value] user-data:1:6 name: ');
});

test('what another instance left is gone before anything is written', () => {
  const other = createNode({
    userData: 'name=worker-7|pod-cidr=172.20.7.0/24',
    secretFields: {
      'k8s/k8s-cluster-from-ground-up/worker-7': nodeFields('k8s-cluster-from-ground-up-worker-7'),
      'k8s/k8s-cluster-from-ground-up/shared': sharedFields(),
    },
    metadata: { 'meta-data/instance-id': 'i-0000000000000077' },
  });
  assert.is(configure(other, environment), 0);
  const files: Record<string, string> = { '/var/lib/cni/networks/bridge/172.20.7.9': 'a lease' };
  for (const [path, { kind, content }] of other.entries)
    if (kind === 'file' && path.startsWith('/var/')) files[path] = content;
  assert.ok('/var/lib/kubelet/k8s-cluster-from-ground-up-worker-7-key.pem' in files);

  const clone = createNode({ files });
  assert.is(configure(clone, environment), 0);
  const left = [...clone.entries.keys()].filter((path) =>
    /worker-7|172\.20\.7|cni\/networks/.test(path),
  );
  assert.equal(left, []);
  assert.is(
    clone.entries.get('/var/lib/groundup/instance-id')?.content,
    'i-0123456789abc0014 files range k8s/k8s-cluster-from-ground-up/shared k8s-cluster-from-ground-up-worker-0\n',
  );
  assert.is(clone.entries.get(`/var/lib/kubelet/${worker}-key.pem`)?.mode, 0o600);
  assert.ok(clone.journal.some((line) => line.includes('has another node on it')));

  const stuck = createNode({
    files,
    programs: { rm: () => ({ exitCode: 1, stderr: 'rm: /var/lib/cni: Read-only file system' }) },
  });
  assert.is(configure(stuck, environment), failureClasses.write.exitCode);
  assert.equal(stuck.consoleLines, [
    'groundup: NOT configured: rm: /var/lib/cni: Read-only file system; the files of ' +
      'i-0000000000000077 are partly there; boot again',
  ]);
  assert.is(
    stuck.ran.some((line) => /^systemctl (?:re)?start/.test(line)),
    false,
  );
});

test('a file that was changed by hand, or has another mode, is put right alone', () => {
  const host = createNode();
  configure(host, environment);
  const key = `/var/lib/kubelet/${worker}-key.pem`;
  const environmentFile = '/var/lib/kubelet/node.env';
  (host.entries.get(key) as { mode: number }).mode = 0o644;
  (host.entries.get(environmentFile) as { content: string }).content = 'NODE_NAME=other\n';
  const inodeOf = (path: string) => host.entries.get(path)?.inode;
  const proxyBefore = inodeOf('/var/lib/kube-proxy/kubeconfig');
  configure(host, environment);
  assert.is(host.entries.get(key)?.mode, 0o600);
  assert.is(
    host.entries.get(environmentFile)?.content,
    'NODE_NAME=ip-172-31-0-20\nNODE_IP=172.31.0.20\nNODE_LABELS=\nKUBELET_IDENTITY=\n',
  );
  assert.is(inodeOf('/var/lib/kube-proxy/kubeconfig'), proxyBefore);
  assert.is(host.journal.at(-1)?.endsWith('(2 files written)'), true);
});

test('a umask does not change a mode', () => {
  const host = createNode({ umask: 0o077 });
  configure(host, environment);
  assert.is(host.entries.get('/etc/cni/net.d/172-20-bridge.conflist')?.mode, 0o644);
  assert.is(host.entries.get('/etc/cni/net.d')?.mode, 0o755);
  assert.is(host.entries.get('/var/lib/kubelet/kubeconfig')?.mode, 0o600);
});

const idle: [string, string | undefined, string][] = [
  ['none', undefined, 'no user-data'],
  ['empty', ' \n', 'empty user-data'],
  ['cloud-config', '#cloud-config\nruncmd: []\n', 'user-data is cloud-config, not for groundup'],
  ['a script', '#!/bin/sh\n', 'user-data is a script, not for groundup'],
  ['MIME', 'MIME-Version: 1.0\n', 'user-data is MIME, not for groundup'],
];

for (const [name, userData, reason] of idle) {
  test(`user-data of another form is left alone: ${name}`, () => {
    const host = createNode({ userData });
    assert.is(configure(host, environment), 0);
    assert.equal(filesOf(host), {});
    assert.equal(host.journal, [`notice: groundup: ${reason}: this instance is no node of ours`]);
    assert.equal(host.consoleLines, []);
    assert.is(
      host.ran.some((line) => /^systemctl (?:re)?start/.test(line)),
      false,
    );
  });
}

interface FailureCase extends NodeOptions {
  name: string;
  failureClass: keyof typeof failureClasses;
  says: string;
}

const nothing = 'nothing was written';
const noAnswer = { status: 0, error: 'Connection refused' };
const awsError = (type: string, message: string) => ({
  status: 400,
  body: JSON.stringify({ __type: `com.amazonaws.secretsmanager#${type}`, Message: message }),
});
const secretError = (code: string, message: string) => ({
  status: 200,
  body: JSON.stringify({
    SecretValues: [],
    Errors: [{ SecretId: nodeSecret, ErrorCode: code, Message: message }],
  }),
});

/** One of the files of a worker that has a key of its own. */
const otherWorker = (ending: string): Fields => {
  const field = `${worker}${ending}`;
  const options = { commonName: 'system:node:other', keys: fakeKeys.proxy() };
  return { [field]: nodeFields(worker, options)[field] };
};

const failures: FailureCase[] = [
  {
    name: 'metadata unreachable',
    imds: () => noAnswer,
    failureClass: 'imds',
    says: `instance metadata: no token from http://imds: Connection refused (36 tries in 119 s); ${nothing}`,
  },
  {
    name: 'metadata switched off',
    imds: () => ({ status: 403 }),
    failureClass: 'imds',
    says: `instance metadata: http://imds answers HTTP 403: it is switched off for this instance; ${nothing}`,
  },
  {
    name: 'token refused',
    imds: (path) => (path === 'user-data' ? { status: 401 } : undefined),
    failureClass: 'imds',
    says: `instance metadata: user-data: HTTP 401: a new token was refused, too; ${nothing}`,
  },
  {
    name: 'no region',
    metadata: { 'meta-data/placement/region': undefined },
    failureClass: 'imds',
    says: `instance metadata: placement/region: there is none; ${nothing}`,
  },
  {
    name: 'an address that is none',
    metadata: { 'meta-data/local-ipv4': '<html>\nproxy error</html>' },
    failureClass: 'imds',
    says: `instance metadata: local-ipv4: "<html> proxy error</html>" is not what belongs there; ${nothing}`,
  },
  {
    name: 'wrong user-data, every fault at once',
    userData: 'name=Worker_0|pod-cidr=172.20.0.7/24',
    failureClass: 'user-data',
    says:
      '2 errors: error[bad-value] user-data:1:6 name: must be a lower-case DNS label of at most ' +
      '40 characters; Worker_0 is not (example: name=worker-0), error[host-bits] user-data:1:24 ' +
      'pod-cidr: a range has no host bits; 172.20.0.7/24 has host bits set ' +
      `(the network of that address is 172.20.0.0/24); ${nothing}`,
  },
  {
    name: 'pods in the VPC',
    userData: 'name=worker-0|pod-cidr=10.9.1.0/24',
    failureClass: 'user-data',
    says:
      'error[pod-cidr-overlaps-vpc] user-data:1:24 pod-cidr: an address is a pod or of the VPC; ' +
      '10.9.1.0/24 overlaps the VPC range 10.9.0.0/16 ' +
      `(choose a range outside both service-cidr and the VPC); ${nothing}`,
  },
  {
    name: 'no role',
    metadata: { 'meta-data/iam/security-credentials/': undefined },
    failureClass: 'secrets-denied',
    says: `the instance has no IAM role (14 tries in 43 s); ${nothing}`,
  },
  {
    name: 'secret missing',
    secrets: () => secretError('ResourceNotFoundException', 'cannot find it'),
    failureClass: 'secret-missing',
    says: `secret ${nodeSecret} not found (ResourceNotFoundException, 1 try); ${nothing}`,
  },
  {
    name: 'access to one secret denied',
    secrets: () => secretError('AccessDeniedException', 'not authorized'),
    failureClass: 'secrets-denied',
    says: `secret ${nodeSecret}: AccessDeniedException: not authorized (1 try); ${nothing}`,
  },
  {
    name: 'access to the call denied',
    secrets: () => awsError('AccessDeniedException', 'User: x is not\nauthorized'),
    failureClass: 'secrets-denied',
    says: `Secrets Manager answers AccessDeniedException: User: x is not authorized (1 try); ${nothing}`,
  },
  {
    name: 'Secrets Manager unreachable',
    secrets: () => ({ status: 0, error: 'Could not resolve host' }),
    failureClass: 'secrets-unreachable',
    says:
      'no answer from https://secretsmanager.eu-central-1.amazonaws.com: ' +
      `Could not resolve host (10 tries in 36 s); ${nothing}`,
  },
  {
    name: 'Secrets Manager throttles to the end',
    secrets: () => awsError('ThrottlingException', 'Rate exceeded'),
    failureClass: 'secrets-unreachable',
    says: `Secrets Manager answers ThrottlingException: Rate exceeded (10 tries in 54 s); ${nothing}`,
  },
  {
    name: 'a secret that is no JSON',
    secrets: () => ({
      status: 200,
      body: JSON.stringify({
        SecretValues: [{ Name: nodeSecret, SecretString: `-----BEGIN ${secretMark}` }],
      }),
    }),
    failureClass: 'secret-content',
    says: `secret ${nodeSecret} is not JSON; ${nothing}`,
  },
  {
    name: 'missing and malformed fields, all at once',
    secretFields: {
      [nodeSecret]: {
        ...nodeFields(),
        [`${worker}-key.pem`]: secretMark,
        [`${worker}.pem`]: undefined,
      },
      [sharedSecret]: {
        ...sharedFields(),
        'kube-proxy.kubeconfig': `kind: Config\n${secretMark}: 1`,
      },
    },
    failureClass: 'secret-content',
    says:
      `secret ${nodeSecret} has no field ${worker}.pem (docs/identity.md says what each secret holds); ` +
      `secret ${nodeSecret}: ${worker}-key.pem is not a PEM private key without a passphrase ` +
      '(cut short, or with a passphrase?); ' +
      `secret ${sharedSecret}: kube-proxy.kubeconfig has no context of the name in current-context ` +
      `(write it again with kubectl config); ${nothing}`,
  },
  {
    name: 'a certificate for something else',
    certificate: { commonName: 'system:kube-proxy' },
    failureClass: 'secret-content',
    says:
      `secret ${nodeSecret}: ${worker}.pem has common name system:kube-proxy, a kubelet needs ` +
      `system:node:<node name> (is it the certificate of something else?); ${nothing}`,
  },
  {
    name: 'a certificate that is cut short',
    secretFields: {
      [nodeSecret]: {
        ...nodeFields(),
        [`${worker}.pem`]: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      },
      [sharedSecret]: sharedFields(),
    },
    failureClass: 'secret-content',
    says:
      `secret ${nodeSecret}: ${worker}.pem is not a PEM certificate ` +
      `(cut short, or another kind of PEM?); ${nothing}`,
  },
  {
    name: 'files of two workers, every fault at once',
    secretFields: {
      [nodeSecret]: {
        ...nodeFields(),
        ...otherWorker('-key.pem'),
        ...otherWorker('.kubeconfig'),
      },
      [sharedSecret]: sharedFields(),
    },
    failureClass: 'secret-content',
    says:
      `secret ${nodeSecret}: ${worker}-key.pem is not the key of the certificate in ${worker}.pem ` +
      '(key and certificate are made together: take both from the same place); ' +
      `secret ${nodeSecret}: ${worker}.kubeconfig is for CN=system:node:other, the certificate for ` +
      `CN=system:node:ip-172-31-0-20 (write it with the certificate of this node); ${nothing}`,
  },
  {
    name: 'no address',
    files: { '/run/systemd/netif/state': 'OPER_STATE=degraded\nIPV4_ADDRESS_STATE=off\n' },
    failureClass: 'network',
    says: `no IPv4 address after 60 s: is there DHCP?; ${nothing}`,
  },
  {
    name: 'settings missing',
    files: { '/etc/groundup/settings.json': '{"cluster":""}' },
    failureClass: 'settings',
    says:
      '/etc/groundup/settings.json: cluster: "" is not a lower-case DNS label of at most ' +
      `40 characters; ${nothing}`,
  },
  {
    name: 'iptables asked of an image without',
    userData: 'name=worker-0|pod-cidr=172.20.0.0/24|kube-proxy-mode=iptables',
    failureClass: 'user-data',
    says:
      'error[not-in-image] user-data:1:54 kube-proxy-mode: an override cannot ask for what the image was ' +
      'not baked for; it was baked for kube-proxy-mode nftables ' +
      `(bake one with kube-proxy-mode: iptables, or leave the key out); ${nothing}`,
  },
  {
    name: 'disk full',
    capacityBytes: 9000,
    failureClass: 'write',
    says: `/var/lib/kubelet/.kubeconfig.groundup-new: No space left on device; ${nothing}`,
  },
];

for (const { name, failureClass, says, ...options } of failures) {
  test(`failure: ${name}`, () => {
    const host = createNode(options);
    const { exitCode } = failureClasses[failureClass];
    assert.is(configure(host, environment), exitCode);
    const line = `groundup: NOT configured: ${says}`;
    assert.equal(host.consoleLines, [line]);
    assert.equal(host.journal, [`error: ${line}`]);
    assert.equal(filesOf(host), {});
    assert.is(host.entries.has('/var/lib/kubelet'), false);
    assert.is(
      host.ran.some((ran) => /^systemctl (?:re)?start/.test(ran)),
      false,
    );
    assert.is(outputOf(host).includes(secretMark), false);
  });
}

test('a full disk leaves the files of an earlier boot as they were', () => {
  const old = { '/var/lib/kubelet/kubeconfig': 'old', '/var/lib/kubernetes/ca.pem': 'old' };
  const host = createNode({ files: old, capacityBytes: 900 });
  assert.is(configure(host, environment), failureClasses.write.exitCode);
  assert.equal(Object.keys(filesOf(host)), Object.keys(old));
  for (const path of Object.keys(old)) assert.is(host.readFile(path), 'old');
});

test('a temporary file of a killed run is replaced', () => {
  const host = createNode({ files: { '/etc/groundup/x': '' } });
  configure(host, environment);
  host.createFile('/var/lib/kubelet/.node.env.groundup-new', 'torn', 0o644);
  host.remove('/var/lib/kubelet/node.env');
  assert.is(configure(host, environment), 0);
  assert.is(host.entries.has('/var/lib/kubelet/.node.env.groundup-new'), false);
});

test('a rename that fails half-way says how far it came', () => {
  const host = createNode({
    beforeWrite: (operation, path) => {
      if (operation === 'rename' && path.endsWith('kubelet-config.yaml'))
        throw new HostError(path, 'Read-only file system');
    },
  });
  assert.is(configure(host, environment), failureClasses.write.exitCode);
  assert.equal(host.consoleLines, [
    'groundup: NOT configured: /var/lib/kubelet/kubelet-config.yaml: Read-only file system; ' +
      '7 of 11 files were replaced; boot again',
  ]);
  assert.is(
    Object.keys(filesOf(host)).some((path) => path.includes('groundup-new')),
    false,
  );
});

test('services that do not start are told apart from files that were not written', () => {
  const host = createNode({
    programs: { systemctl: () => ({ exitCode: 5, stderr: 'Unit kubelet.service not found.\n' }) },
  });
  assert.is(configure(host, environment), failureClasses.services.exitCode);
  assert.equal(host.consoleLines, [
    'groundup: NOT configured: systemctl restart: Unit kubelet.service not found.; the files are in place',
  ]);
});

test('a fault of our own is reported as one, without a secret', () => {
  const host = createNode();
  const broken = {
    ...environment,
    templates: { ...environment.templates, 'node.env': ['X=', { name: 'x' }, '\n'] },
  };
  assert.is(configure(host, broken), failureClasses.internal.exitCode);
  assert.equal(host.consoleLines, [
    'groundup: NOT configured: internal error: Error: node.env: no value for {{x}}; please report it',
  ]);
  assert.equal(filesOf(host), {});
});

test('what may pass is tried again, with growing waits', () => {
  const host = createNode({
    imds: (path, tries) => (path === 'api/token' && tries < 4 ? noAnswer : undefined),
    secrets: (tries) => (tries < 3 ? { status: 503 } : undefined),
  });
  assert.is(configure(host, environment), 0);
  assert.equal(host.sleepsMs, [187.5, 375, 750, 375, 750]);
});

test('credentials that come late are waited for', () => {
  const path = 'meta-data/iam/security-credentials/';
  const host = createNode({
    imds: (asked, tries) => (asked === path && tries < 3 ? { status: 404 } : undefined),
  });
  assert.is(configure(host, environment), 0);
});

test('keys and tokens go through standard input only', () => {
  const host = createNode();
  configure(host, environment);
  assert.is(outputOf(host).includes(secretMark), false);
  const last = host.stdins.filter((text) => text.includes('url = ')).at(-1) ?? '';
  assert.is(last.includes(`user = "ASIAEXAMPLE:key-${secretMark}"`), true);
  assert.is(last.includes(`header = "X-Amz-Security-Token: session-${secretMark}"`), true);
});

const year = 365 * 86_400_000;
const outOfTime: [string, CertificateOptions, RegExp][] = [
  [
    'has expired',
    { notAfter: new Date('2020-01-02T03:04:05Z') },
    /worker-0\.pem expired on 2020-01-02T03:04Z, and the clock says \d{4}-\d\d-\d\dT\d\d:\d\dZ /,
  ],
  [
    'is not valid yet',
    { notBefore: new Date(Date.now() + year) },
    /worker-0\.pem is valid from \d{4}-.*Z, and the clock says \d{4}-\d\d-\d\dT\d\d:\d\dZ /,
  ],
];
for (const [name, certificate, says] of outOfTime)
  test(`a certificate that ${name} ends the boot before anything is written or started`, () => {
    const host = createNode({ certificate });
    assert.is(configure(host, environment), failureClasses['secret-content'].exitCode);
    assert.match(host.consoleLines[0] ?? '', says);
    // The kubeconfig has the same certificate: one line tells of it once.
    assert.is(host.consoleLines[0]?.split(';').length, 2);
    assert.equal(filesOf(host), {});
    assert.is(
      host.ran.some((ran) => /^systemctl (?:re)?start/.test(ran)),
      false,
    );
  });

test('a certificate that expires soon, and one for another address, are warnings', () => {
  const notAfter = new Date(Date.now() + 3.5 * 86_400_000);
  const host = createNode({ certificate: { notAfter, addresses: ['172.31.0.21'] } });
  assert.is(configure(host, environment), 0);
  const place = `warning: groundup: secret ${nodeSecret}: ${worker}.pem`;
  assert.equal(host.journal.slice(0, -1), [
    `${place} does not name 172.31.0.20: kubectl logs and exec will fail verification ` +
      '(make one with this address among its subjectAltName)',
    `${place} expires in 3 days, on ${notAfter.toISOString().slice(0, 10)} ` +
      '(make a new one before that)',
  ]);
  assert.equal(host.consoleLines, []);
});

test('a bundle of authorities in the image is what Secrets Manager is checked against', () => {
  const host = createNode({ files: { '/etc/groundup/ca.pem': 'x' } });
  configure(host, environment);
  const configs = host.stdins.filter((text) => text.includes('url = '));
  assert.equal(
    configs.map((text) => text.includes('cacert = "/etc/groundup/ca.pem"')),
    [false, false, false, true],
  );
});

test.run();
