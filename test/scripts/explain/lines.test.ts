// The table of lines knows every key that a node's files have, and every flag of its units.
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse as parseToml } from 'smol-toml';
import { parse } from 'yaml';
import { explain, readDeviations } from '../../../scripts/explain/answer.ts';
import { goneTable, lineTable } from '../../../scripts/explain/lines.ts';
import { placeTable } from '../../../scripts/explain/places.ts';
import { keyRelations } from '../../../scripts/explain/procedure.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { settings } from '../../fakes/node.ts';
import { procedureLines } from './procedure-lines.ts';

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

/** What is said of one line of one file. */
const partOf = async (line: string, file: string): Promise<string> => {
  const parts = (await textOf(line)).split('\n\n');
  return parts.find((part) => part.startsWith(`${line}  in ${file}\n`)) ?? '';
};

const valueAt = (value: unknown, place: string): unknown => {
  const [key = '', ...rest] = place.split('.');
  const inner = (value as Record<string, unknown> | undefined)?.[key];
  return rest.length === 0 ? inner : valueAt(inner, rest.join('.'));
};

/** The value that a node of the procedure's own user-data has; of a flag what follows its `=`. */
const nodeValue = async (file: string, line: string): Promise<unknown> => {
  if (!file.endsWith('.service')) return valueAt(parse(await golden(file)), line);
  const text = await readFile(inProject('images/rootfs', file), 'utf8');
  return text.match(new RegExp(`${line}=(\\S+)`))?.[1];
};

for (const [file, { step, lines }] of Object.entries(procedureLines))
  test(`every line of the procedure’s ${file}: kept when the node has the same, else with a reason`, async () => {
    for (const [line, [value, statement]] of Object.entries(lines)) {
      const said = await partOf(line, file);
      assert.match(said, `replaces step ${step} of the manual procedure\n`, line);
      if ((await nodeValue(file, line)) === value)
        assert.ok(said.endsWith(`\n  as in the manual procedure, statement ${statement}`), said);
      else assert.match(said, /\n {2}here: .*\n {2}why: /, said);
    }
  });

test('no line is said to be the procedure’s that it does not have', async () => {
  for (const { file, line, relation } of lineTable) {
    if (procedureLines[file]?.lines[line] !== undefined) continue;
    assert.not.match(await partOf(line, file), 'as in the manual procedure', `${file} ${line}`);
    assert.not.ok(relation !== undefined && 'keeps' in relation, `${file} ${line}`);
  }
});

test('a row about one line of a statement is not told of its others', async () => {
  for (const [word, file, row] of [
    ['--config', '/etc/systemd/system/kube-proxy.service', 58],
    ['name', '/etc/cni/net.d/172-20-bridge.conflist', 13],
    ['plugins.0.hairpinMode', '/etc/cni/net.d/172-20-bridge.conflist', 13],
    ['type', '/etc/cni/net.d/99-loopback.conf', 17],
    ['hostnameOverride', '/var/lib/kube-proxy/kube-proxy-config.yaml', 52],
  ] as const) {
    const said = await partOf(word, file);
    assert.ok(said !== '', word);
    assert.not.match(said, `statement ${row}:`, word);
    assert.not.match(said, 'why: ', word);
  }
});

test('a row about a file as a whole is told of the file', async () => {
  for (const [file, rows] of Object.entries({
    '/etc/cni/net.d/172-20-bridge.conflist': [12, 18],
    '/var/lib/kubernetes/ca.pem': [1, 24],
    '/etc/systemd/system/kubelet.service': [51],
    '/etc/systemd/system/kube-proxy.service': [58],
    '/etc/systemd/system/groundup.service': [59, 60],
  })) {
    const said = await textOf(file);
    for (const row of rows) assert.match(said, `manual procedure, statement ${row}: `, file);
    // `As 12` is the reason of another row, which is not to be looked up.
    assert.not.match(said, /why: As \d/);
  }
  const said = await textOf('/etc/cni/net.d/99-loopback.conf');
  assert.not.match(said, 'why: ');
});

test('keys of user-data and of the image’s settings that the procedure has, and all others', async () => {
  for (const [word, expected] of [
    ['name', ['step 12', 'as in the manual procedure, statement 5']],
    ['cluster', ['step 12', 'as in the manual procedure, statement 6']],
    ['pod-cidr', ['step 10', 'as in the manual procedure, statement 4']],
    ['dns-address', ['step 14', 'as in the manual procedure, statement 31']],
    ['cluster-domain', ['step 14', 'as in the manual procedure, statement 30']],
    ['kube-proxy-mode', ['step 16', 'the manual procedure, statement 56: kube-proxy in iptables']],
    ['labels', ['the manual procedure has no such key']],
    ['volume-size-gib', ['the manual procedure has no such key']],
  ] as const) {
    const parts = (await textOf(word)).split('\n\n');
    const keys = parts.filter((part) =>
      /^\S+ {2}in (?:user-data|images\/worker.yaml)\n/.test(part),
    );
    assert.ok(keys.length > 0, word);
    for (const part of keys)
      for (const text of expected) assert.match(part, text, `${word}: ${part}`);
  }
});

test('which step a line, a file, a unit, a key and what is gone replace', async () => {
  const steps: Record<string, number> = {
    'pod-cidr': 10,
    name: 12,
    '/etc/cni/net.d/172-20-bridge.conf': 10,
    '/var/lib/kubelet/kubeconfig': 13,
    clusterDNS: 14,
    '--node-ip': 15,
    NODE_NAME: 15,
    containerRuntimeEndpoint: 15,
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
    ['--client-ca-file', 'authentication.x509.clientCAFile'],
    ['--authorization-mode', 'authorization.mode'],
  ] as const)
    assert.ok((await textOf(flag)).startsWith(`${key}  `), flag);
  // The network has a name, containerd's configuration a version; neither program has such a flag.
  for (const flag of ['--name', '--version']) assert.match(await textOf(flag), /^nothing/);
});

test('places that the agent’s table of files does not have, and files of any worker', async () => {
  for (const { path } of placeTable) assert.ok((await textOf(path)).startsWith(`${path}  `), path);
  const file = `/var/lib/kubelet/${settings.cluster}-worker-7-key.pem`;
  assert.match(await textOf(file), `from: secret k8s/${settings.cluster}/worker-7, key `);
});

test('what is changed or gone has a row in docs/DEVIATIONS.md', async () => {
  const deviations = await readDeviations();
  const rows = [...lineTable, ...goneTable].map(({ line, relation }) => [line, relation] as const);
  for (const [line, relation] of [...rows, ...Object.entries(keyRelations)])
    if (relation !== undefined && 'changes' in relation)
      assert.ok(deviations.has(relation.changes), line);
});

test.run();
