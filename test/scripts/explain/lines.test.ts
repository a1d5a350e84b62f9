// The table of lines knows every key that a node's files have, and every flag of its units.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse as parseToml } from 'smol-toml';
import { parse } from 'yaml';
import { explain, readDeviations } from '../../../scripts/explain/answer.ts';
import { goneTable, lineTable } from '../../../scripts/explain/lines.ts';
import { placeTable } from '../../../scripts/explain/places.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { settings } from '../../fakes/node.ts';

const leavesOf = (value: unknown, place = ''): string[] => {
  if (typeof value !== 'object' || value === null) return [place.slice(1)];
  const entries = Object.entries(value);
  if (entries.length === 0) return [place.slice(1)];
  return entries.flatMap(([key, inner]) => {
    // Ranges are a list of lists.
    return leavesOf(inner, `${place}.${key}`);
  });
};

const linesOf = (file: string): string[] =>
  lineTable.filter((row) => row.file === file).map(({ line }) => line);

const bootstrapGolden = readFile(
  inProject('test/golden/tls-bootstrap/expected/var/lib/kubelet/node.env'),
  'utf8',
);

const golden = (file: string) => {
  const name = file.includes('prefixes') ? 'imds-prefix' : 'seed';
  return readFile(inProject(`test/golden/${name}/expected`, file), 'utf8');
};

for (const file of [
  '/etc/cni/net.d/172-20-bridge.conflist',
  '/etc/cni/net.d/10-prefixes.conflist',
  '/etc/cni/net.d/99-loopback.conf',
  '/var/lib/kubelet/kubelet-config.yaml',
])
  test(`every key of ${file}`, async () => {
    // Of several prefixes one stands for all.
    const lines = leavesOf(parse(await golden(file))).filter(
      (line) => !/\.ranges\.0\.[1-9]/.test(line),
    );
    assert.equal(lines, linesOf(file));
  });

test('every key of /var/lib/kube-proxy/kube-proxy-config.yaml, with every pod network', async () => {
  const file = '/var/lib/kube-proxy/kube-proxy-config.yaml';
  const texts = ['seed', 'imds-prefix'].map((name) =>
    readFile(inProject(`test/golden/${name}/expected`, file), 'utf8'),
  );
  const keys = (await Promise.all(texts)).flatMap((text) => leavesOf(parse(text)));
  assert.equal([...new Set(keys)].toSorted(), linesOf(file).toSorted());
});

test('every key of containerd’s configuration, by its last part', async () => {
  const file = '/etc/containerd/config.toml';
  const text = await readFile(inProject('images/rootfs', file), 'utf8');
  const keys = text.match(/^ *\w+(?= = )/gm)?.map((key) => key.trim());
  assert.ok(parseToml(text));
  assert.equal(keys, linesOf(file));
});

test('every variable of node.env', async () => {
  const names = (await golden('/var/lib/kubelet/node.env')).match(/^\w+(?==)/gm);
  assert.equal(names, linesOf('/var/lib/kubelet/node.env'));
});

for (const unit of ['kubelet', 'kube-proxy'])
  test(`every flag of ${unit}.service`, async () => {
    const file = `/etc/systemd/system/${unit}.service`;
    const text = await readFile(inProject('images/rootfs', file), 'utf8');
    // The rest of the kubelet's command line is a value of node.env.
    const more = unit === 'kubelet' ? await bootstrapGolden : '';
    assert.equal(`${text}${more}`.match(/--[a-z-]+/g), linesOf(file));
  });

test('every line and every file that is named has an answer', async () => {
  const words = [...lineTable, ...goneTable].map(({ line }) => line);
  for (const word of new Set([...words, ...lineTable.map(({ file }) => file)]))
    assert.ok('text' in (await explain(word, settings)), word);
});

const textOf = async (word: string): Promise<string> => {
  const answer = await explain(word, settings);
  return 'text' in answer ? answer.text : `nothing; ${answer.nearest}`;
};

test('which step a line, a file, a unit, a key and what is gone replace', async () => {
  const steps: Record<string, number> = {
    'pod-cidr': 10,
    name: 12,
    '/etc/cni/net.d/172-20-bridge.conf': 10,
    '/var/lib/kubelet/kubeconfig': 13,
    clusterDNS: 14,
    '--node-ip': 15,
    '--network-plugin': 15,
    '/etc/systemd/system/kubelet.service': 15,
    clusterCIDR: 16,
    '/etc/systemd/system/kube-proxy.service': 17,
    '/etc/systemd/system/groundup.service': 18,
  };
  for (const [word, step] of Object.entries(steps))
    assert.match(await textOf(word), `replaces step ${step} of the manual procedure`, word);
});

test('a flag of what is a key here, in the kubelet’s own spelling', async () => {
  for (const [flag, key] of [
    ['--cluster-dns', 'clusterDNS.0'],
    ['--max-pods', 'maxPods'],
    ['--tls-cert-file', 'tlsCertFile'],
    ['--register-with-taints', 'registerWithTaints'],
    ['--cluster-cidr', 'clusterCIDR'],
  ] as const)
    assert.ok((await textOf(flag)).startsWith(`${key}  `), flag);
});

test('places that the agent’s table of files does not have, and files of any worker', async () => {
  for (const { path } of placeTable) assert.ok((await textOf(path)).startsWith(`${path}  `), path);
  const file = `/var/lib/kubelet/${settings.cluster}-worker-7-key.pem`;
  assert.match(await textOf(file), `from: secret k8s/${settings.cluster}/worker-7, key `);
});

test('what is gone has a row in docs/DEVIATIONS.md', async () => {
  const deviations = await readDeviations();
  for (const { line, statement } of goneTable) assert.ok(deviations.has(statement), line);
});

test.run();
