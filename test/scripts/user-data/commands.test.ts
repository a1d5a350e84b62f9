// check-user-data, render and explain as their users run them: what is printed, and the exit code.
import { execa } from 'execa';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject } from '../../../scripts/project/paths.ts';

const run = async (command: string, args: readonly string[], input: string | Uint8Array = '') => {
  const script = inProject('scripts', `${command}.ts`);
  const result = await execa(process.execPath, [script, ...args], {
    input,
    reject: false,
    timeout: 60_000,
    env: { NO_COLOR: '1' },
  });
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
};

const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundup-user-data-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Files below a folder with their texts, sorted. */
const readTree = async (folder: string): Promise<Record<string, string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();
  const texts = files.map(async (file) => [file, await readFile(path.join(folder, file), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
};

const good = 'name=worker-0|pod-cidr=172.20.0.0/24';

test('check: valid', async () => {
  const { exitCode, stdout } = await run('check-user-data', ['-'], good);
  assert.is(exitCode, 0);
  assert.is(stdout, 'valid: k8s-cluster-from-ground-up-worker-0, pods 172.20.0.0/24');
});

test('check: the same bytes packed', async () => {
  const { exitCode, stdout } = await run('check-user-data', ['-'], gzipSync(good));
  assert.equal(
    [exitCode, stdout],
    [0, 'valid: k8s-cluster-from-ground-up-worker-0, pods 172.20.0.0/24'],
  );
});

test('check: refused, every fault at once, with a caret line', async () => {
  const text = 'name=worker-0|pod-cidr=172.20.0.7/24|labls=a=b';
  const { exitCode, stdout } = await run('check-user-data', ['-'], text);
  assert.is(exitCode, 1);
  assert.is(
    stdout,
    `error[host-bits] user-data:1:24 pod-cidr: a range has no host bits; 172.20.0.7/24 has host bits set
  name=worker-0|pod-cidr=172.20.0.7/24|labls=a=b
                         ~~~~~~~~~~~~~
  hint: the network of that address is 172.20.0.0/24
error[unknown-key] user-data:1:38 labls: a key must be one that groundup knows; labls is none
  name=worker-0|pod-cidr=172.20.0.7/24|labls=a=b
                                       ~~~~~
  hint: did you mean labels? known keys: cluster, cluster-domain, dns-address, group-size, identity, kube-proxy-mode, labels, lifecycle-hook, max-pods, name, node-name, pod-cidr, secret-prefix, service-cidr, taints
2 errors; a node with this user-data would write nothing and say the same on its console`,
  );
});

test('check: not ours', async () => {
  const { exitCode, stdout } = await run('check-user-data', ['-'], '#cloud-config\n');
  assert.equal(
    [exitCode, stdout],
    [3, 'not for groundup (cloud-config); a node with this user-data is left alone'],
  );
});

test('check: what a template left as it was is no JSON of others', async () => {
  const { exitCode, stdout } = await run('check-user-data', ['-'], '{{ user_data }}');
  assert.is(exitCode, 1);
  assert.match(stdout, /^error\[unexpanded-variable\] user-data:1:1 user-data has no variables; /);
});

test('check: bytes count, blanks among them', async () => {
  const file = await run('check-user-data', ['-'], good.padEnd(17_000));
  assert.is(file.exitCode, 1);
  assert.match(file.stdout, /^error\[too-long\].*; this has 17000$/m);
  const packed = await run('check-user-data', ['-'], gzipSync(good.padEnd(17_036)));
  assert.is(packed.exitCode, 1);
  assert.match(packed.stdout, /^error\[unpacked-too-long\].*; this gzip holds more$/m);
});

test('check --json: one object, nothing else', async () => {
  const text = 'name=worker-0|pod-cidr=172.20.0.0/24|labels=kubernetes.io/x=1';
  const { exitCode, stdout } = await run('check-user-data', ['--json', '-'], text);
  assert.is(exitCode, 1);
  const { verdict, values, findings } = JSON.parse(stdout) as Record<string, unknown>;
  assert.is(verdict, 'refused');
  assert.equal(values, { name: 'worker-0', 'pod-cidr': '172.20.0.0/24' });
  assert.is((findings as { id: string }[])[0]?.id, 'reserved-label');
  assert.equal(Object.keys((findings as object[])[0] ?? {}), [
    'id',
    'severity',
    'line',
    'column',
    'key',
    'message',
    'hint',
  ]);
  const valid = await run('check-user-data', ['--json', '-'], good);
  assert.is(
    valid.stdout,
    '{"verdict":"valid","values":{"name":"worker-0","pod-cidr":"172.20.0.0/24"},"findings":[]}',
  );
  const other = await run('check-user-data', ['--json', '-'], '#!/bin/sh\n');
  assert.is(other.stdout, '{"verdict":"not-ours","values":{},"findings":[]}');
});

test('check: a warning lets it pass, --strict does not', async () => {
  const text = `${good}|cluster-domain=cluster.local`;
  const passed = await run('check-user-data', ['-'], text);
  assert.is(passed.exitCode, 0);
  assert.match(passed.stdout, /^warning\[same-as-baked\] user-data:1:53 cluster-domain: /);
  assert.match(passed.stdout, /\(1 warning\)$/);
  const strict = await run('check-user-data', ['--strict', '-'], text);
  assert.is(strict.exitCode, 1);
  assert.match(strict.stdout, /^1 warning; a node would take this user-data, --strict does not$/m);
});

test('check --facts: what only the instance knows', () =>
  inFolder(async (folder) => {
    const facts = path.join(folder, 'facts.json');
    await writeFile(facts, '{"vpcRanges": ["172.16.0.0/12"], "subnetRange": "172.31.0.0/24"}');
    const { exitCode, stdout } = await run('check-user-data', ['--facts', facts, '-'], good);
    assert.is(exitCode, 1);
    assert.match(stdout, /^error\[pod-cidr-overlaps-vpc\] user-data:1:24 pod-cidr: /);
    await writeFile(facts, '{"vpcRange": "172.16.0.0/12", "nodeIp": "172.31"}');
    const wrong = await run('check-user-data', ['--facts', facts, '-'], good);
    assert.is(wrong.exitCode, 2);
    assert.match(wrong.stderr, /nodeIp: not an IPv4 address/);
    assert.match(wrong.stderr, /Unrecognized key: "vpcRange"/);
    assert.match(
      wrong.stderr,
      /hint: keys: nodeName, nodeIp, instanceId, privateDnsName, availabilityZone, /,
    );
    await writeFile(facts, '{"prefixes": ["172.31.0.64/28", "10.0.0.0/24", "10.0.0.7/28", "10"]}');
    const prefixed = 'name=worker-0|pod-cidr=imds-prefix|max-pods=17';
    const wide = await run('check-user-data', ['--facts', facts, '-'], prefixed);
    assert.is(wide.exitCode, 2);
    const reason = 'not a /28 without host bits';
    assert.ok(
      wide.stderr.includes(`prefixes.1: ${reason}; prefixes.2: ${reason}; prefixes.3: ${reason}`),
      wide.stderr,
    );
    assert.not.match(wide.stderr, 'prefixes.0');
    await writeFile(facts, '{"prefixes": ["172.31.0.64/28"]}');
    const narrow = await run('check-user-data', ['--facts', facts, '-'], prefixed);
    assert.is(narrow.exitCode, 1);
    assert.match(narrow.stdout, /1 prefix has room for 16 pods, not for 17/);
    await writeFile(facts, '{"vpcRanges": ["10.32.0.0/16"]}');
    const services = await run('check-user-data', ['--facts', facts, '-'], good);
    assert.is(services.exitCode, 0);
    assert.match(
      services.stdout,
      /^warning\[service-cidr-overlaps-vpc\] user-data:1:24 service-cidr: /,
    );
    const refused = `${good}|service-cidr=10.32.0.0/99`;
    const own = await run('check-user-data', ['--facts', facts, '-'], refused);
    assert.match(own.stdout, /^error\[\S+\] user-data:1:\d+ service-cidr: /);
    assert.not.match(own.stdout, /overlaps-vpc/);
    await writeFile(facts, '{"lifecycleState": "InService"}');
    const grouped = await run('check-user-data', ['--facts', facts, '-'], good);
    assert.match(grouped.stdout, /^error\[pod-cidr-in-group\]/);
    await writeFile(facts, '{"lifecycleState": "InService", "vpcRanges": ["172.16.0.0/12"]}');
    const all = await run('check-user-data', ['--json', '--facts', facts, '-'], `${good}|nmae=a`);
    const { findings } = JSON.parse(all.stdout) as { findings: { id: string }[] };
    assert.equal(
      findings.map(({ id }) => id),
      ['unknown-key', 'pod-cidr-in-group', 'pod-cidr-overlaps-vpc'],
    );
  }));

test('a file that is not there, and a command line that makes no sense', async () => {
  const missing = await run('check-user-data', ['/nowhere/user-data']);
  assert.is(missing.exitCode, 2);
  assert.match(missing.stderr, /^user-data {2}\/nowhere\/user-data: there is no such file$/m);
  const nothing = await run('check-user-data', []);
  assert.is(nothing.exitCode, 2);
  assert.match(nothing.stderr, /one FILE, or -, is needed\nnpm run check-user-data/);
  const unknown = await run('check-user-data', ['--strikt', '-'], good);
  assert.is(unknown.exitCode, 2);
  assert.match(unknown.stderr, /Unknown option '--strikt'/);
});

test('render: the tree of a node, modes and all, without a secret', () =>
  inFolder(async (folder) => {
    const out = path.join(folder, 'tree');
    const { exitCode, stdout } = await run('render', ['-', '--out', out], good);
    assert.is(exitCode, 0);
    assert.match(
      stdout,
      /^0644 \/var\/lib\/kubelet\/kubelet-config.yaml {2}cloud-init\/templates\/kubelet-config.yaml.mustache$/m,
    );
    assert.match(
      stdout,
      /\n11 files of k8s-cluster-from-ground-up-worker-0 on node ip-172-31-0-20/,
    );
    const worker = 'var/lib/kubelet/k8s-cluster-from-ground-up-worker-0';
    const key = path.join(out, `${worker}-key.pem`);
    assert.is((await stat(key)).mode & 0o777, 0o600);
    assert.is((await stat(path.dirname(key))).mode & 0o777, 0o750);
    assert.match(
      await readFile(key, 'utf8'),
      /^# secret k8s\/k8s-cluster-from-ground-up\/worker-0,/,
    );
    // The same files as the golden boot of the same line, and but for secrets the same bytes.
    const golden = await readTree(inProject('test/golden/seed/expected'));
    const rendered = await readTree(out);
    assert.equal(Object.keys(rendered), Object.keys(golden));
    for (const [file, text] of Object.entries(golden))
      if (text === 'REDACTED\n') assert.match(rendered[file] ?? '', /^# secret /, file);
      else assert.is(rendered[file], text, file);
    const again = await run('render', ['-', '--out', out], good);
    assert.is(again.exitCode, 2);
    assert.match(again.stderr, /is not empty/);
  }));

test('render --facts: the record of the instance that is named', () =>
  inFolder(async (folder) => {
    const facts = path.join(folder, 'facts.json');
    const out = path.join(folder, 'tree');
    await writeFile(facts, '{"instanceId": "i-0feedc0ffee00001"}');
    const text = 'pod-cidr=none|identity=tls-bootstrap';
    const { stdout } = await run('render', ['-', '--out', out, '--facts', facts], text);
    const record = '/var/lib/groundup/instance-id';
    assert.match(stdout, `\n0644 ${record}  the instance whose files these are\n`);
    const found = await readFile(path.join(out, record), 'utf8');
    assert.match(found, /^i-0feedc0ffee00001 tls-bootstrap none\b/);
  }));

test('render: refused as the checker refuses', () =>
  inFolder(async (folder) => {
    const out = path.join(folder, 'tree');
    const { exitCode, stderr } = await run('render', ['-', '--out', out], 'name=worker-0');
    assert.is(exitCode, 1);
    assert.match(stderr, /^error\[missing-key\] user-data:1:14 pod-cidr: /);
    assert.is((await run('render', ['-'], good)).exitCode, 2);
  }));

test('explain: a path, flags, keys, and what is gone', async () => {
  const of = async (word: string) => (await run('explain', [word])).stdout;
  assert.match(await of('/var/lib/kubelet/kubelet-config.yaml'), /replaces step 14 of the manual/);
  assert.match(await of('/etc/systemd/system/kubelet.service'), /from: images\/rootfs\/etc\//);
  assert.match(await of('--node-ip'), /NODE_IP of \/var\/lib\/kubelet\/node.env/);
  assert.match(await of('maxPods'), /max-pods: user-data/);
  assert.match(await of('pod-cidr'), /^pod-cidr {2}in user-data$/m);
  assert.match(await of('cloud-init'), /^cloud-init {2}in images\/worker.yaml$/m);
  assert.match(await of('--network-plugin'), /on no node[^]*why: Removed in 1.24/);
  const { exitCode, stderr } = await run('explain', ['maxPod']);
  assert.equal(
    [exitCode, stderr],
    [2, 'explain    nothing on a node is called maxPod; did you mean max-pods?'],
  );
  assert.is((await run('explain', [])).exitCode, 2);
});

test.run();
