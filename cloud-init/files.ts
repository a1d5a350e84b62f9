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
  /** Step of the manual procedure; absent where it had no such file. */
  seedStep?: number;
}

const readable = 0o644;
const secret = 0o600;

const rendered = (
  path: string,
  template: string,
  uses: readonly (keyof Values)[],
  seedStep?: number,
): FileRow => ({
  path: () => path,
  mode: readable,
  source: { from: 'template', template, uses },
  ...(seedStep === undefined ? {} : { seedStep }),
});

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
    ['podCidr', 'packetFilter'],
    10,
  ),
  rendered('/etc/cni/net.d/99-loopback.conf', '99-loopback.conf', [], 10),
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
    14,
  ),
  rendered(
    '/var/lib/kube-proxy/kube-proxy-config.yaml',
    'kube-proxy-config.yaml',
    ['nodeName', 'kubeProxyMode'],
    16,
  ),
  rendered('/var/lib/kubelet/node.env', 'node.env', [
    'nodeName',
    'nodeIp',
    'nodeLabels',
    'kubeletIdentity',
  ]),
];

/** The names of all templates, each used by one file. */
export const templateNames: readonly string[] = fileTable.flatMap(({ source }) =>
  source.from === 'template' ? [source.template] : [],
);

/** The files of a node with that identity. */
export const filesWith = (identity: IdentityMethod): FileRow[] =>
  fileTable.filter((row) => row.identity === undefined || row.identity === identity);

export interface FolderRow {
  path: string;
  mode: number;
  identity?: IdentityMethod;
}

/** Folders that the files need, with their modes; parents come first. */
export const folderTable: readonly FolderRow[] = [
  { path: '/etc/cni', mode: 0o755 },
  { path: '/etc/cni/net.d', mode: 0o755 },
  // As the kubelet itself would make it.
  { path: '/var/lib/kubelet', mode: 0o750 },
  { path: '/var/lib/kube-proxy', mode: 0o700 },
  { path: '/var/lib/kubernetes', mode: 0o700 },
  { path: '/var/lib/groundup', mode: 0o755 },
  { path: bootstrapFolder, mode: 0o700, identity: 'tls-bootstrap' },
];
