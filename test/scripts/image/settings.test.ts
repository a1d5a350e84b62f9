// images/worker.yaml: defaults, every kind of fault with its exact text, and what nodes get.
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  settingKeys,
  settingsJsonSchema,
  settingsMarkdown,
} from '../../../scripts/image/settings-table.ts';
import { checkSettings, nodeSettings, readSettings } from '../../../scripts/image/settings.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { Failure } from '../../../scripts/terminal/failure.ts';

const defaults = {
  cluster: 'k8s-cluster-from-ground-up',
  kubernetes: '1.37.1',
  arch: 'amd64',
  identity: 'files',
  nodeName: 'instance-id',
  serviceCidr: '10.32.0.0/24',
  dnsAddress: '10.32.0.10',
  clusterDomain: 'cluster.local',
  secretPrefix: 'k8s',
  kubeProxyMode: 'nftables',
  cloudInit: 'deferred',
  packages: [],
  images: [],
  volumeSizeGib: 2,
  binaries: 'auto',
};

test('the committed file holds the defaults, each key with a comment', async () => {
  const { text, settings, findings } = await readSettings();
  assert.equal(findings, []);
  assert.equal(settings, defaults);
  const lines = text.split('\n');
  assert.is(lines[0], '# yaml-language-server: $schema=worker.schema.json');
  for (const key of settingKeys) {
    const at = lines.findIndex((line) => line.startsWith(`${key}:`));
    assert.ok(at > 0, key);
    assert.match(lines[at - 1] ?? '', /^# /, key);
  }
});

test('an empty file means the defaults', () => {
  assert.equal(checkSettings('').settings, defaults);
  assert.equal(checkSettings('# nothing\n').settings, defaults);
});

test('every setting can be changed', () => {
  const { settings, findings } = checkSettings(`cluster: prod-eu-1
kubernetes: 1.36.4
arch: arm64
identity: tls-bootstrap
node-name: private-dns-name
service-cidr: 10.96.0.0/12
dns-address: 10.96.0.10
cluster-domain: corp.example
secret-prefix: teams/blue
kube-proxy-mode: iptables
cloud-init: first
packages: [htop, libstdc++6]
images:
  - registry.k8s.io/coredns/coredns:v1.14.0
  - 172.31.0.6:5000/app@sha256:${'a'.repeat(64)}
volume-size-gib: 20
binaries: directory:/srv/mirror
`);
  assert.equal(findings, []);
  assert.equal(settings, {
    cluster: 'prod-eu-1',
    kubernetes: '1.36.4',
    arch: 'arm64',
    identity: 'tls-bootstrap',
    nodeName: 'private-dns-name',
    serviceCidr: '10.96.0.0/12',
    dnsAddress: '10.96.0.10',
    clusterDomain: 'corp.example',
    secretPrefix: 'teams/blue',
    kubeProxyMode: 'iptables',
    cloudInit: 'first',
    packages: ['htop', 'libstdc++6'],
    images: [
      'registry.k8s.io/coredns/coredns:v1.14.0',
      `172.31.0.6:5000/app@sha256:${'a'.repeat(64)}`,
    ],
    volumeSizeGib: 20,
    binaries: 'directory:/srv/mirror',
  });
});

test('a missing file is a failure that names it', async () => {
  try {
    await readSettings('images/nothing.yaml');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, Failure);
    assert.is((error as Failure).message, 'images/nothing.yaml: there is no such file');
  }
});

test('the node gets what it needs under the same keys, and nothing else', () => {
  const { settings } = checkSettings('');
  assert.ok(settings);
  assert.equal(nodeSettings(settings), {
    cluster: 'k8s-cluster-from-ground-up',
    kubernetes: '1.37.1',
    identity: 'files',
    'node-name': 'instance-id',
    'service-cidr': '10.32.0.0/24',
    'dns-address': '10.32.0.10',
    'cluster-domain': 'cluster.local',
    'secret-prefix': 'k8s',
    'kube-proxy-mode': 'nftables',
    'cloud-init': 'deferred',
  });
});

test('images/worker.schema.json is what the table says (UPDATE=1 writes it)', async () => {
  const file = inProject('images/worker.schema.json');
  const expected = settingsJsonSchema();
  if (process.env['UPDATE'] === '1') {
    const text = await format(JSON.stringify(expected), { parser: 'json', printWidth: 100 });
    await writeFile(file, text, { mode: 0o644 });
  }
  assert.equal(JSON.parse(await readFile(file, 'utf8')), expected);
});

test('docs/settings.md has the table (UPDATE=1 writes it)', async () => {
  const file = inProject('docs/settings.md');
  const text = await readFile(file, 'utf8');
  const place = /(?<=<!-- table -->\n).*?(?=<!-- \/table -->)/s;
  const table = await format(settingsMarkdown(), { parser: 'markdown', printWidth: 100 });
  const expected = text.replace(place, () => `\n${table}\n`);
  assert.match(text, place);
  if (process.env['UPDATE'] === '1') await writeFile(file, expected, { mode: 0o644 });
  assert.is(await readFile(file, 'utf8'), expected);
});

test.run();
