// Every program that an image, the lab's control plane or a build is made of: where it comes from,
// how it is built and asked for its version, and where it is installed.
import type { ComponentName } from './pins.ts';
import type { Arch } from './settings-table.ts';

export interface Component {
  /** The module that images/modules/<component>-<version> requires. */
  goModule: string;
  /** Where the release file of one program (or of all of them, in an archive) is. */
  releaseUrl?: (version: string, arch: Arch, name: string) => string;
  /** The file's text of sha256 sums: the sum alone, or one `sum  file` per line. */
  checksumUrl?: (version: string, arch: Arch, name: string) => string;
  /** A program's path inside the archive; absent when the release file is the program itself. */
  archiveMember?: (version: string, arch: Arch, name: string) => string;
  /** `-X` values that stamp the version. */
  stamps: (version: string) => Record<string, string>;
  tags?: string;
  /** cgo needs a C compiler and the libraries of scripts/setup/packages-table.ts. */
  usesCgo?: true;
}

const github = 'https://github.com';
const kubernetesUrl = (version: string, arch: Arch, name: string): string =>
  `https://dl.k8s.io/release/v${version}/bin/linux/${arch}/${name}`;
const containerdUrl = (version: string, arch: Arch): string =>
  `${github}/containerd/containerd/releases/download/v${version}/containerd-${version}-linux-${arch}.tar.gz`;
const runcFolder = (version: string): string =>
  `${github}/opencontainers/runc/releases/download/v${version}`;
const cniUrl = (version: string, arch: Arch): string =>
  `${github}/containernetworking/plugins/releases/download/v${version}/cni-plugins-linux-${arch}-v${version}.tgz`;
const crictlUrl = (version: string, arch: Arch): string =>
  `${github}/kubernetes-sigs/cri-tools/releases/download/v${version}/crictl-v${version}-linux-${arch}.tar.gz`;
const etcdFolder = (version: string): string =>
  `${github}/etcd-io/etcd/releases/download/v${version}`;

const kubernetesStamps = (version: string): Record<string, string> => {
  const [major = '', minor = ''] = version.split('.');
  const base = 'k8s.io/component-base/version';
  return {
    // Without these the kubelet calls itself v0.0.0-master and skew rules misjudge it.
    [`${base}.gitVersion`]: `v${version}`,
    [`${base}.gitMajor`]: major,
    [`${base}.gitMinor`]: minor,
    [`${base}.gitTreeState`]: 'archive',
  };
};

export const components: Record<ComponentName, Component> = {
  kubernetes: {
    goModule: 'k8s.io/kubernetes',
    releaseUrl: kubernetesUrl,
    checksumUrl: (version, arch, name) => `${kubernetesUrl(version, arch, name)}.sha256`,
    stamps: kubernetesStamps,
  },
  containerd: {
    goModule: 'github.com/containerd/containerd/v2',
    releaseUrl: containerdUrl,
    checksumUrl: (version, arch) => `${containerdUrl(version, arch)}.sha256sum`,
    archiveMember: (_version, _arch, name) => `bin/${name}`,
    stamps: (version) => ({
      'github.com/containerd/containerd/v2/version.Version': `v${version}`,
    }),
  },
  runc: {
    goModule: 'github.com/opencontainers/runc',
    releaseUrl: (version, arch) => `${runcFolder(version)}/runc.${arch}`,
    checksumUrl: (version) => `${runcFolder(version)}/runc.sha256sum`,
    // The module carries its version in a file that it embeds.
    stamps: () => ({}),
    tags: 'seccomp',
    usesCgo: true,
  },
  'cni-plugins': {
    goModule: 'github.com/containernetworking/plugins',
    releaseUrl: cniUrl,
    checksumUrl: (version, arch) => `${cniUrl(version, arch)}.sha256`,
    archiveMember: (_version, _arch, name) => name,
    stamps: (version) => ({
      'github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion': `v${version}`,
    }),
  },
  crictl: {
    goModule: 'sigs.k8s.io/cri-tools',
    releaseUrl: crictlUrl,
    checksumUrl: (version, arch) => `${crictlUrl(version, arch)}.sha256`,
    archiveMember: (_version, _arch, name) => name,
    stamps: (version) => ({ 'sigs.k8s.io/cri-tools/pkg/version.Version': `v${version}` }),
  },
  etcd: {
    goModule: 'go.etcd.io/etcd/server/v3',
    releaseUrl: (version, arch) => `${etcdFolder(version)}/etcd-v${version}-linux-${arch}.tar.gz`,
    checksumUrl: (version) => `${etcdFolder(version)}/SHA256SUMS`,
    archiveMember: (version, arch, name) => `etcd-v${version}-linux-${arch}/${name}`,
    stamps: () => ({}),
  },
  packer: { goModule: 'github.com/hashicorp/packer', stamps: () => ({}) },
  'packer-plugin-qemu': {
    goModule: 'github.com/hashicorp/packer-plugin-qemu',
    stamps: () => ({}),
  },
};

/**
 * Before the node is Ready (containerd asks its shim and runc what they can do), for the first pod, when the
 * node is Ready, or by a person.
 */
export type FirstUse = 'boot' | 'by-hand' | 'first-pod' | 'ready';

export interface BinaryRow {
  name: string;
  component: ComponentName;
  /** The main package, built in images/modules/<component>-<version>. */
  goPackage: string;
  /** Where it is in the image, on the lab's host, or beside Packer. */
  installPath: string;
  /** Arguments that make it print its version. */
  versionArgs: readonly string[];
  /** `node`: the image's architecture; `host`: that of the machine which builds or runs the lab. */
  runsOn: 'node' | 'host';
  /** When a node runs it first; absent on the host. */
  firstUse?: FirstUse;
}

const program = (
  name: string,
  component: ComponentName,
  goPackage: string,
  more: Partial<BinaryRow> = {},
): BinaryRow => ({
  name,
  component,
  goPackage,
  installPath: `/usr/local/bin/${name}`,
  versionArgs: ['--version'],
  runsOn: 'node',
  ...more,
});

const host = { runsOn: 'host' } as const;

const kubernetes = (name: string, more?: Partial<BinaryRow>): BinaryRow =>
  program(name, 'kubernetes', `k8s.io/kubernetes/cmd/${name}`, more);

const containerd = (name: string, more?: Partial<BinaryRow>): BinaryRow =>
  program(name, 'containerd', `github.com/containerd/containerd/v2/cmd/${name}`, more);

const plugin = (kind: 'main' | 'ipam' | 'meta', name: string): BinaryRow => {
  const goPackage = `github.com/containernetworking/plugins/plugins/${kind}/${name}`;
  const installPath = `/opt/cni/bin/${name}`;
  return program(name, 'cni-plugins', goPackage, { installPath, firstUse: 'first-pod' });
};

/** What a worker image holds. */
export const nodeBinaries: readonly BinaryRow[] = [
  kubernetes('kubelet', { firstUse: 'boot' }),
  kubernetes('kube-proxy', { firstUse: 'ready' }),
  containerd('containerd', { firstUse: 'boot' }),
  containerd('containerd-shim-runc-v2', { versionArgs: ['-v'], firstUse: 'boot' }),
  containerd('ctr', { firstUse: 'by-hand' }),
  program('runc', 'runc', 'github.com/opencontainers/runc', { firstUse: 'boot' }),
  program('crictl', 'crictl', 'sigs.k8s.io/cri-tools/cmd/crictl', { firstUse: 'by-hand' }),
  plugin('main', 'bridge'),
  plugin('main', 'ptp'),
  plugin('main', 'loopback'),
  plugin('ipam', 'host-local'),
  plugin('meta', 'portmap'),
];

/** What the lab runs on the host, and kubectl for its user. */
export const controlPlaneBinaries: readonly BinaryRow[] = [
  program('etcd', 'etcd', 'go.etcd.io/etcd/server/v3', host),
  kubernetes('kube-apiserver', host),
  kubernetes('kube-controller-manager', host),
  kubernetes('kube-scheduler', host),
  kubernetes('kubectl', { ...host, versionArgs: ['version', '--client'] }),
];

const qemuPlugin = 'packer-plugin-qemu';

/** What builds the image, when PATH has no Packer. */
export const packerBinaries: readonly BinaryRow[] = [
  program('packer', 'packer', 'github.com/hashicorp/packer', { ...host, versionArgs: ['version'] }),
  program(qemuPlugin, qemuPlugin, `github.com/hashicorp/${qemuPlugin}`, {
    ...host,
    versionArgs: ['describe'],
  }),
];

export const binaryTable: readonly BinaryRow[] = [
  ...nodeBinaries,
  ...controlPlaneBinaries,
  ...packerBinaries,
];

/** The names in a group, as `prepareBinaries` takes them. */
export const namesOf = (rows: readonly BinaryRow[]): string[] => rows.map(({ name }) => name);
