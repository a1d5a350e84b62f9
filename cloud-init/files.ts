// The files of a node as one table: where, mode, from what, and the step of the manual procedure
// ("Kubernetes from the ground up", worker steps 9 to 18) that made it by hand.
import {
  authorityPath,
  bootstrapFolder,
  bootstrapPath,
  certificatePath,
  privateKeyPath,
  type IdentityMethod,
  type NodeNames,
  type Values,
} from './derive.ts';
import type { PodNetworkMode } from './pod-network.ts';

/** What a text from a secret is to the node. */
export type SecretRole =
  'authority' | 'certificate' | 'private-key' | 'kubeconfig' | 'proxy-kubeconfig' | 'bootstrap';

export type FileSource =
  | {
      from: 'template';
      /** File name in templates/, without `.mustache`. */
      template: string;
      /** The values that the template uses: all of these and no other. */
      uses: readonly (keyof Values)[];
    }
  | {
      from: 'secret';
      secret: 'node' | 'shared';
      field: (names: NodeNames) => string;
      role: SecretRole;
    };

export interface FileRow {
  path: (names: NodeNames) => string;
  mode: number;
  source: FileSource;
  /** Only nodes with this identity have the file. */
  identity?: IdentityMethod;
  /** Only nodes with one of these have the file. */
  podNetworks?: readonly PodNetworkMode[];
  /** Step of the manual procedure; absent where it had no such file. */
  seedStep?: number;
}

const readable = 0o644;
const secret = 0o600;

const rendered = (
  path: string,
  template: string,
  uses: readonly (keyof Values)[],
  more: Pick<FileRow, 'podNetworks' | 'seedStep'> = {},
): FileRow => ({
  path: () => path,
  mode: readable,
  source: { from: 'template', template, uses },
  ...more,
});

/** Where containerd finds what it makes a configuration from; images/rootfs/etc/containerd names it. */
export const nodeConflistPath = '/etc/cni/groundup/172-20-bridge.conflist';

/** What groundup-pod-network.service loads. */
export const podRulesPath = '/etc/groundup/pod-network.nft';

/** Every file that the agent writes for the services, in the order in which they are put in place. */
export const fileTable: readonly FileRow[] = [
  {
    path: () => authorityPath,
    mode: secret,
    source: { from: 'secret', secret: 'shared', field: () => 'ca.pem', role: 'authority' },
    seedStep: 13,
  },
  {
    path: certificatePath,
    mode: secret,
    source: {
      from: 'secret',
      secret: 'node',
      field: ({ workerName }) => `${workerName}.pem`,
      role: 'certificate',
    },
    identity: 'files',
    seedStep: 13,
  },
  {
    path: privateKeyPath,
    mode: secret,
    source: {
      from: 'secret',
      secret: 'node',
      field: ({ workerName }) => `${workerName}-key.pem`,
      role: 'private-key',
    },
    identity: 'files',
    seedStep: 13,
  },
  {
    path: () => '/var/lib/kube-proxy/kubeconfig',
    mode: secret,
    source: {
      from: 'secret',
      secret: 'shared',
      field: () => 'kube-proxy.kubeconfig',
      role: 'proxy-kubeconfig',
    },
    seedStep: 13,
  },
  {
    path: () => '/var/lib/kubelet/kubeconfig',
    mode: secret,
    source: {
      from: 'secret',
      secret: 'node',
      field: ({ workerName }) => `${workerName}.kubeconfig`,
      role: 'kubeconfig',
    },
    identity: 'files',
    seedStep: 13,
  },
  {
    path: () => bootstrapPath,
    mode: secret,
    source: {
      from: 'secret',
      secret: 'node',
      field: () => 'bootstrap.kubeconfig',
      role: 'bootstrap',
    },
    identity: 'tls-bootstrap',
  },
  rendered(
    '/etc/cni/net.d/172-20-bridge.conflist',
    '172-20-bridge.conflist',
    ['podCidr', 'mtuBytes', 'packetFilter'],
    { podNetworks: ['range'], seedStep: 10 },
  ),
  // containerd takes the first of the folder for the network of all pods: with `node` it would be this.
  rendered('/etc/cni/net.d/99-loopback.conf', '99-loopback.conf', [], {
    podNetworks: ['range'],
    seedStep: 10,
  }),
  rendered(nodeConflistPath, '172-20-bridge.conflist', ['podCidr', 'mtuBytes', 'packetFilter'], {
    podNetworks: ['node'],
  }),
  rendered(
    '/etc/cni/net.d/10-prefixes.conflist',
    '10-prefixes.conflist',
    ['podPool', 'mtuBytes', 'packetFilter'],
    { podNetworks: ['imds-prefix'] },
  ),
  rendered(podRulesPath, 'pod-network.nft', ['podPrefixes', 'vpcRanges'], {
    podNetworks: ['imds-prefix'],
  }),
  rendered(
    '/var/lib/kubelet/kubelet-config.yaml',
    'kubelet-config.yaml',
    [
      'certificatePath',
      'privateKeyPath',
      'rotateCertificates',
      'clusterDomain',
      'dnsAddress',
      'maxPods',
      'registerWithTaints',
      'providerId',
    ],
    { seedStep: 14 },
  ),
  rendered(
    '/var/lib/kube-proxy/kube-proxy-config.yaml',
    'kube-proxy-config.yaml',
    ['nodeName', 'kubeProxyMode', 'detectLocalMode', 'detectLocal'],
    { seedStep: 16 },
  ),
  rendered('/var/lib/kubelet/node.env', 'node.env', [
    'nodeName',
    'nodeIp',
    'nodeLabels',
    'kubeletIdentity',
  ]),
];

/** The names of all templates. */
export const templateNames: readonly string[] = [
  ...new Set(
    fileTable.flatMap(({ source }) => (source.from === 'template' ? [source.template] : [])),
  ),
];

/** What says which files a node has. */
export type NodeKind = Pick<NodeNames, 'identity' | 'podNetwork'>;

const belongsTo = (row: Pick<FileRow, 'identity' | 'podNetworks'>, kind: NodeKind): boolean =>
  (row.identity ?? kind.identity) === kind.identity &&
  (row.podNetworks ?? [kind.podNetwork]).includes(kind.podNetwork);

/** The files of a node of that kind. */
export const filesWith = (kind: NodeKind): FileRow[] =>
  fileTable.filter((row) => belongsTo(row, kind));

export interface FolderRow {
  path: string;
  mode: number;
  identity?: IdentityMethod;
  podNetworks?: readonly PodNetworkMode[];
}

/** Folders that the files need, with their modes; parents come first. */
export const folderTable: readonly FolderRow[] = [
  { path: '/etc/cni', mode: 0o755 },
  { path: '/etc/cni/net.d', mode: 0o755 },
  { path: '/etc/cni/groundup', mode: 0o755, podNetworks: ['node'] },
  // As the kubelet itself would make it.
  { path: '/var/lib/kubelet', mode: 0o750 },
  { path: '/var/lib/kube-proxy', mode: 0o700 },
  { path: '/var/lib/kubernetes', mode: 0o700 },
  { path: '/var/lib/groundup', mode: 0o755 },
  { path: bootstrapFolder, mode: 0o700, identity: 'tls-bootstrap' },
];

/** The folders of a node of that kind. */
export const foldersWith = (kind: NodeKind): FolderRow[] =>
  folderTable.filter((row) => belongsTo(row, kind));
