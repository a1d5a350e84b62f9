// Faults in images/worker.yaml: every kind with its exact text.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatFindings } from '../../../cloud-init/report.ts';
import { settingKeys } from '../../../scripts/image/settings-table.ts';
import { checkSettings } from '../../../scripts/image/settings.ts';

const knownKeys = `known keys: ${settingKeys.toSorted().join(', ')}`;

const faults: [text: string, expected: string][] = [
  [
    'clustr: a\n',
    `error[unknown-key] w.yaml:1:1 clustr: not a setting groundup knows
  clustr: a
  ~~~~~~
  hint: did you mean cluster? ${knownKeys}`,
  ],
  [
    'service_cidr: 10.0.0.0/16\n',
    `error[unknown-key] w.yaml:1:1 service_cidr: not a setting groundup knows
  service_cidr: 10.0.0.0/16
  ~~~~~~~~~~~~
  hint: did you mean service-cidr? ${knownKeys}`,
  ],
  [
    'region: eu-central-1\n',
    `error[unknown-key] w.yaml:1:1 region: not a setting groundup knows
  region: eu-central-1
  ~~~~~~
  hint: ${knownKeys}`,
  ],
  [
    '# a comment\nkubernetes: 1.37\n',
    `error[bad-kubernetes] w.yaml:2:13 kubernetes: 1.37 is not a Kubernetes version of three numbers
  kubernetes: 1.37
              ~~~~
  hint: YAML reads that as a number; all three parts are needed: 1.37.1`,
  ],
  [
    'kubernetes: v1.37.1\n',
    `error[bad-kubernetes] w.yaml:1:13 kubernetes: "v1.37.1" is not a Kubernetes version of three numbers
  kubernetes: v1.37.1
              ~~~~~~~
  hint: without the v: 1.37.1`,
  ],
  [
    'cluster: Prod_1\n',
    `error[bad-cluster] w.yaml:1:10 cluster: "Prod_1" is not a lower-case DNS label of at most 40 characters
  cluster: Prod_1
           ~~~~~~
  hint: example: cluster: prod-eu-1`,
  ],
  [
    `cluster: ${'a'.repeat(41)}\n`,
    `error[bad-cluster] w.yaml:1:10 cluster: "${'a'.repeat(41)}" is not a lower-case DNS label of at most 40 characters
  cluster: ${'a'.repeat(41)}
           ${'~'.repeat(41)}
  hint: example: cluster: prod-eu-1`,
  ],
  [
    'cluster:\n',
    `error[bad-cluster] w.yaml:1:1 cluster: an empty value is not a lower-case DNS label of at most 40 characters
  cluster:
  ~~~~~~~
  hint: example: cluster: prod-eu-1`,
  ],
  [
    'arch: x86_64\n',
    `error[bad-arch] w.yaml:1:7 arch: "x86_64" is not amd64 or arm64
  arch: x86_64
        ~~~~~~
  hint: example: arch: amd64`,
  ],
  [
    'service-cidr: 010.32.0.0/24\n',
    `error[bad-service-cidr] w.yaml:1:15 service-cidr: "010.32.0.0/24" is not an IPv4 range
  service-cidr: 010.32.0.0/24
                ~~~~~~~~~~~~~
  hint: example: service-cidr: 10.32.0.0/24`,
  ],
  [
    'service-cidr: 10.32.0.1/24\n',
    `error[service-cidr-host-bits] w.yaml:1:15 service-cidr: 10.32.0.1/24 has host bits set
  service-cidr: 10.32.0.1/24
                ~~~~~~~~~~~~
  hint: the network of that address is 10.32.0.0/24`,
  ],
  [
    'service-cidr: 10.0.0.0/8\ndns-address: 10.0.0.10\n',
    `error[service-cidr-size] w.yaml:1:15 service-cidr: /8 is not between /12 and /28
  service-cidr: 10.0.0.0/8
                ~~~~~~~~~~
  hint: the API server takes no wider range, and a narrower one has no room for Services`,
  ],
  [
    'dns-address: 10.33.0.10\n',
    `error[dns-address-outside] w.yaml:1:14 dns-address: 10.33.0.10 lies outside service-cidr 10.32.0.0/24
  dns-address: 10.33.0.10
               ~~~~~~~~~~
  hint: the usual address in that range is 10.32.0.10`,
  ],
  [
    'service-cidr: 10.96.0.0/16\n',
    `error[dns-address-outside] w.yaml:1:1 dns-address: 10.32.0.10 lies outside service-cidr 10.96.0.0/16
  service-cidr: 10.96.0.0/16
  ~
  hint: the usual address in that range is 10.96.0.10`,
  ],
  [
    'dns-address: 10.32.0.1\n',
    `error[dns-address-reserved] w.yaml:1:14 dns-address: 10.32.0.1 is the address of the kubernetes Service of service-cidr 10.32.0.0/24
  dns-address: 10.32.0.1
               ~~~~~~~~~
  hint: the usual address in that range is 10.32.0.10`,
  ],
  [
    'secret-prefix: /k8s\n',
    `error[bad-secret-prefix] w.yaml:1:16 secret-prefix: "/k8s" is not a path of letters, digits and _+=.@- without a slash at its ends, at most 100 characters
  secret-prefix: /k8s
                 ~~~~
  hint: example: secret-prefix: k8s`,
  ],
  [
    'packages: [htop, Bad_Name]\n',
    `error[bad-packages] w.yaml:1:18 packages: "Bad_Name" does not fit into a list of Debian package names
  packages: [htop, Bad_Name]
                   ~~~~~~~~
  hint: example: packages: [htop, tcpdump]`,
  ],
  [
    'packages: htop\n',
    `error[bad-packages] w.yaml:1:11 packages: "htop" is not a list of Debian package names
  packages: htop
            ~~~~
  hint: example: packages: [htop, tcpdump]`,
  ],
  [
    'images:\n  - nginx\n',
    `error[bad-images] w.yaml:2:5 images: "nginx" does not fit into a list of image references with their registry
    - nginx
      ~~~~~
  hint: example: images: [registry.k8s.io/coredns/coredns:v1.14.0]`,
  ],
  [
    'volume-size-gib: 1\n',
    `error[bad-volume-size-gib] w.yaml:1:18 volume-size-gib: 1 is not a whole number of GiB from 2 to 16384
  volume-size-gib: 1
                   ~
  hint: example: volume-size-gib: 2`,
  ],
  [
    'binaries: directory:mirror\n',
    `error[bad-binaries] w.yaml:1:11 binaries: "directory:mirror" is not auto, release, modules or directory:<absolute path>
  binaries: directory:mirror
            ~~~~~~~~~~~~~~~~
  hint: example: binaries: auto`,
  ],
  [
    'cluster: a\ncluster: b\n',
    `error[duplicate-key] w.yaml:2:1 this key stands here a second time
  cluster: b
  ~
  hint: keep one of the two`,
  ],
  [
    '- cluster\n',
    `error[not-a-mapping] w.yaml:1:1 the file must be a mapping of settings, key: value
  - cluster
  ~`,
  ],
  [
    'kube-proxy-mode: ipvs\ncloud-init: last\n',
    `error[bad-kube-proxy-mode] w.yaml:1:18 kube-proxy-mode: "ipvs" is not nftables or iptables
  kube-proxy-mode: ipvs
                   ~~~~
  hint: example: kube-proxy-mode: nftables
error[bad-cloud-init] w.yaml:2:13 cloud-init: "last" is not deferred or first
  cloud-init: last
              ~~~~
  hint: example: cloud-init: deferred`,
  ],
];

for (const [text, expected] of faults) {
  test(`fault: ${JSON.stringify(text)}`, () => {
    const { settings, findings } = checkSettings(text);
    assert.is(settings, undefined);
    assert.is(formatFindings('w.yaml', text, findings), expected);
  });
}

test('a text that is no YAML is a finding with a place', () => {
  const { findings } = checkSettings('cluster: a\nimages: [\n');
  assert.is(findings[0]?.id, 'yaml-syntax');
  assert.is(findings[0]?.line, 3);
});

test.run();
