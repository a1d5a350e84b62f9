// images/pins.yaml: the committed file is whole, and faults in it are told with their place.
import { access } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatFindings } from '../../../cloud-init/report.ts';
import { readFile } from 'node:fs/promises';
import { binaryTable, components } from '../../../scripts/image/binary-table.ts';
import { pinnedFiles } from '../../../scripts/image/pin-files.ts';
import {
  checkPins,
  componentNames,
  pinnedVersion,
  pinsFile,
  readPins,
  shortSha256,
} from '../../../scripts/image/pins.ts';
import { inProject } from '../../../scripts/project/paths.ts';
import { Failure } from '../../../scripts/terminal/failure.ts';

const pins = await readPins();
const committed = await readFile(pinsFile, 'utf8');

test('every pinned version has its module folder, which imports every program of the table', async () => {
  for (const component of componentNames) {
    for (const version of Object.keys(pins[component])) {
      const folder = inProject('images/modules', `${component}-${version}`);
      await access(path.join(folder, 'go.sum'));
      const tools = await readFile(path.join(folder, 'tools.go'), 'utf8');
      for (const row of binaryTable.filter((each) => each.component === component)) {
        assert.ok(tools.includes(`_ "${row.goPackage}"\n`), `${folder}: ${row.goPackage}`);
      }
      const module = await readFile(path.join(folder, 'go.mod'), 'utf8');
      assert.ok(module.startsWith(`module groundup.example/${component}-${version}\n`), folder);
      assert.ok(module.includes(`require ${components[component].goModule} v${version}\n`), folder);
    }
  }
});

test('names of programs and the places where they are installed are unique', () => {
  assert.is(new Set(binaryTable.map(({ name }) => name)).size, binaryTable.length);
  assert.is(new Set(binaryTable.map(({ installPath }) => installPath)).size, binaryTable.length);
});

test('every release file is at its project’s official address', () => {
  const files = pinnedFiles(pins);
  assert.is(files.length, Object.keys(pins.kubernetes).length * 12 + 5 * 2);
  const hosts = new Set(files.map(({ url }) => new URL(url).origin));
  assert.equal([...hosts].toSorted(), ['https://dl.k8s.io', 'https://github.com']);
  const urls = new Map(files.map(({ label, url }) => [label, url]));
  assert.is(
    urls.get('kubelet 1.37.1 arm64'),
    'https://dl.k8s.io/release/v1.37.1/bin/linux/arm64/kubelet',
  );
  assert.is(
    urls.get('containerd 2.3.6 amd64'),
    'https://github.com/containerd/containerd/releases/download/v2.3.6/containerd-2.3.6-linux-amd64.tar.gz',
  );
});

test('a sha256 is shortened the same way everywhere', () => {
  const containerd = pins.containerd[pinnedVersion(pins, 'containerd')]?.amd64 ?? '';
  assert.is(shortSha256(containerd), 'df806bb9…69b762');
});

const faults: [name: string, from: string, to: string, expected: string][] = [
  [
    'a short sha256',
    /^ {4}amd64: ([0-9a-f]{64})$/m.exec(committed)?.[1] ?? 'none',
    'abc123',
    `error[bad-pin] pins.yaml:72:12 containerd.2.3.6.amd64: not a sha256 of 64 lower-case hex digits
      amd64: abc123
             ~~~~~~`,
  ],
  [
    'an unknown component',
    '\nrunc:',
    '\ncrun:',
    `error[bad-pin] pins.yaml:76:1 not known here: crun
  crun:
  ~~~~`,
  ],
  [
    'a version that is a number',
    '  3.6.14:',
    '  3.6:',
    ` etcd.3.6: 3.6 is not a version of three numbers
    3.6:
    ~~~`,
  ],
  [
    'a Go version that is a number',
    'go: 1.26.8',
    'go: 1.26',
    ` go: not a version of three numbers
  go: 1.26
      ~~~~`,
  ],
];

for (const [name, from, to, expected] of faults) {
  test(`fault: ${name}`, () => {
    assert.ok(committed.includes(from));
    const text = committed.replace(from, to);
    const { pins: none, findings } = checkPins(text);
    assert.is(none, undefined);
    assert.ok(
      formatFindings('pins.yaml', text, findings).includes(expected),
      formatFindings('pins.yaml', text, findings),
    );
  });
}

test('a second version of a component that has one', () => {
  const text = committed.replace(
    'containerd:\n',
    `containerd:\n  2.3.5:\n    amd64: ${'a'.repeat(64)}\n    arm64: ${'b'.repeat(64)}\n`,
  );
  const { findings } = checkPins(text);
  assert.is(findings[0]?.message, '2 versions, expected one');
});

test('a faulty file is one failure that shows the findings', async () => {
  try {
    await readPins(inProject('images/worker.yaml'));
    assert.unreachable();
  } catch (error) {
    assert.instance(error, Failure);
    assert.match((error as Failure).message, /^images\/worker\.yaml: \d+ errors$/);
    assert.match((error as Failure).tail ?? '', /not known here: cluster/);
  }
});

test.run();
