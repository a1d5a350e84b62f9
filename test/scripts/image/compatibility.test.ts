// images/compatibility.yaml: the committed pins hold, and each kind of bad pair is refused by name.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatFindings } from '../../../cloud-init/report.ts';
import {
  checkCompatibility,
  findIncompatibilities,
  flagsOfUnit,
  readImageFacts,
  readRules,
  type ImageFacts,
} from '../../../scripts/image/compatibility.ts';
import { readPins } from '../../../scripts/image/pins.ts';
import { checkSettings, type Settings } from '../../../scripts/image/settings.ts';
import { compareVersions, isInRange } from '../../../scripts/image/version-range.ts';

const settingsOf = (text: string): Settings => {
  const { settings } = checkSettings(text);
  if (!settings) throw new Error(text);
  return settings;
};

const pins = await readPins();
const rules = await readRules();
const image: ImageFacts = { cgroup: 'v2', flags: { kubelet: ['--config'], 'kube-proxy': [] } };
const other = { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) };

test('every pinned Kubernetes version goes with the other pins and the baked units', async () => {
  for (const version of Object.keys(pins.kubernetes)) {
    const text = `kubernetes: ${version}\n`;
    assert.equal(await findIncompatibilities({ settings: settingsOf(text), text, pins }), []);
  }
});

test('the baked units are read: the kubelet has flags', async () => {
  const { flags } = await readImageFacts();
  assert.ok(flags.kubelet.includes('--config'));
  assert.ok(flags['kube-proxy'].includes('--config'));
});

test('flags of a unit: continuation lines, equals signs, nothing from other lines', () => {
  const unit = `[Service]
Environment=OPTIONS=--not-this
ExecStart=/usr/local/bin/kubelet \\
  --config=/var/lib/kubelet/kubelet-config.yaml \\
  --network-plugin=cni --v=2
`;
  assert.equal(flagsOfUnit(unit), ['--config', '--network-plugin', '--v']);
});

const cases: [
  name: string,
  text: string,
  change: { pins?: Partial<typeof pins>; image?: ImageFacts },
  expected: string,
][] = [
  [
    'a version that is not pinned',
    'kubernetes: 1.34.0\n',
    {},
    `error[unpinned-kubernetes] w.yaml:1:13 kubernetes: images/pins.yaml has no 1.34.0, it has 1.37.1, 1.36.4, 1.35.4
  kubernetes: 1.34.0
              ~~~~~~
  hint: npm run pins -- bump kubernetes 1.34.0`,
  ],
  [
    'an old containerd',
    'kubernetes: 1.37.1\n',
    { pins: { containerd: { '2.1.6': other } } },
    `error[containerd-for-1.36] w.yaml:1:13 kubernetes: Kubernetes 1.37.1 needs containerd >=2.2.0, images/pins.yaml has 2.1.6: containerd's own table names only 2.2 and 2.3 from Kubernetes 1.36 on
  kubernetes: 1.37.1
              ~~~~~~
  hint: npm run pins -- bump containerd <version> (https://github.com/containerd/containerd/blob/main/RELEASES.md#kubernetes-support)`,
  ],
  [
    'an old crictl',
    'cluster: a\n',
    { pins: { crictl: { '1.29.0': other } } },
    `error[crictl-skew] w.yaml:1:1 kubernetes: Kubernetes 1.37.1 needs crictl >=1.34, images/pins.yaml has 1.29.0: crictl follows Kubernetes' minor versions; one two minors older is not tested with it
  cluster: a
  ~
  hint: npm run pins -- bump crictl <version> (https://github.com/kubernetes-sigs/cri-tools#compatibility-matrix-cri-tools--kubernetes)`,
  ],
  [
    'cgroup v1',
    'kubernetes: 1.35.4\n',
    { image: { ...image, cgroup: 'v1' } },
    `error[cgroup-v2] w.yaml:1:13 kubernetes: Kubernetes 1.35.4 needs cgroup v2, the image has v1: the kubelet refuses to start on cgroup v1 (failCgroupV1 is true) from 1.35 on
  kubernetes: 1.35.4
              ~~~~~~
  hint: choose an older Kubernetes version (https://github.com/kubernetes/enhancements/issues/5573)`,
  ],
  [
    'a removed flag in the unit',
    'kubernetes: 1.37.1\n',
    { image: { ...image, flags: { ...image.flags, kubelet: ['--network-plugin'] } } },
    `error[flag-network-plugin] w.yaml:1:13 kubernetes: Kubernetes 1.37.1: kubelet does not know --network-plugin any more: removed in 1.24
  kubernetes: 1.37.1
              ~~~~~~
  hint: take it out of the unit; instead: containerd reads /etc/cni/net.d by itself (https://github.com/kubernetes/kubernetes/pull/106907)`,
  ],
  [
    'nftables before it was general',
    'kubernetes: 1.32.0\nkube-proxy-mode: nftables\n',
    { pins: { kubernetes: { '1.32.0': pins.kubernetes['1.37.1']! } } },
    `error[kube-proxy-nftables] w.yaml:2:18 kube-proxy-mode: nftables does not go with Kubernetes 1.32.0: kube-proxy's nftables mode is generally available from Kubernetes 1.33 on
  kube-proxy-mode: nftables
                   ~~~~~~~~
  hint: set kube-proxy-mode to another value (https://github.com/kubernetes/enhancements/issues/3866)`,
  ],
];

for (const [name, text, change, expected] of cases) {
  test(`refused: ${name}`, () => {
    const findings = checkCompatibility({
      settings: settingsOf(text),
      text,
      pins: { ...pins, ...change.pins },
      rules,
      image: change.image ?? image,
    });
    assert.is(formatFindings('w.yaml', text, findings), expected);
  });
}

test('the kubelet flags that the manual procedure used and that are gone are all refused', () => {
  const kubelet = ['--network-plugin', '--image-pull-progress-deadline', '--container-runtime'];
  const text = 'kubernetes: 1.37.1\n';
  const facts = { ...image, flags: { ...image.flags, kubelet } };
  const findings = checkCompatibility({
    settings: settingsOf(text),
    text,
    pins,
    rules,
    image: facts,
  });
  assert.equal(
    findings.map(({ id }) => id),
    ['flag-network-plugin', 'flag-image-pull-progress-deadline', 'flag-container-runtime'],
  );
});

test('ranges of versions', () => {
  const table: [version: string, range: string, expected: boolean][] = [
    ['1.35.0', '>=1.35', true],
    ['1.34.9', '>=1.35', false],
    ['1.35.4', '>=1.35 <1.36', true],
    ['1.36.0', '>=1.35 <1.36', false],
    ['2.10.0', '>=2.9.1', true],
    ['2.9.0', '>=2.9.1', false],
    ['1.9.0', '<1.10', true],
  ];
  for (const [version, range, expected] of table) {
    assert.is(isInRange(version, range), expected, `${version} ${range}`);
  }
  assert.is(compareVersions('1.37.1', '1.37.1'), 0);
});

test.run();
