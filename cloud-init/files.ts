// Every file that a boot writes, as one table: place, mode, where its content comes from, and the
// step of the manual procedure that it replaces.
import type { NodeValues } from './derive.ts';

export const templateNames = [
  '172-20-bridge.conflist',
  '99-loopback.conf',
  'kubelet-config.yaml',
  'kube-proxy-config.yaml',
  'node.env',
] as const;

export type TemplateName = (typeof templateNames)[number];

export type FileSource =
  | { template: TemplateName }
  /** A key of the worker's own secret, or of the shared one. */
  | { secret: 'node' | 'shared'; key: (values: Pick<NodeValues, 'workerName'>) => string };

export interface FileRow {
  path: (values: Pick<NodeValues, 'workerName'>) => string;
  mode: number;
  source: FileSource;
  /** Step of the seed's worker procedure. */
  seedStep: number;
}

const plainMode = 0o644;
const secretMode = 0o600;

const template = (path: string, name: TemplateName, seedStep: number): FileRow => ({
  path: () => path,
  mode: plainMode,
  source: { template: name },
  seedStep,
});

export const fileTable: readonly FileRow[] = [
  template('/etc/cni/net.d/172-20-bridge.conflist', '172-20-bridge.conflist', 10),
  template('/etc/cni/net.d/99-loopback.conf', '99-loopback.conf', 10),
  {
    path: ({ workerName }) => `/var/lib/kubelet/${workerName}.pem`,
    mode: secretMode,
    source: { secret: 'node', key: ({ workerName }) => `${workerName}.pem` },
    seedStep: 13,
  },
  {
    path: ({ workerName }) => `/var/lib/kubelet/${workerName}-key.pem`,
    mode: secretMode,
    source: { secret: 'node', key: ({ workerName }) => `${workerName}-key.pem` },
    seedStep: 13,
  },
  {
    path: () => '/var/lib/kubelet/kubeconfig',
    mode: secretMode,
    source: { secret: 'node', key: ({ workerName }) => `${workerName}.kubeconfig` },
    seedStep: 13,
  },
  {
    path: () => '/var/lib/kube-proxy/kubeconfig',
    mode: secretMode,
    source: { secret: 'shared', key: () => 'kube-proxy.kubeconfig' },
    seedStep: 13,
  },
  {
    path: () => '/var/lib/kubernetes/ca.pem',
    mode: secretMode,
    source: { secret: 'shared', key: () => 'ca.pem' },
    seedStep: 13,
  },
  template('/var/lib/kubelet/kubelet-config.yaml', 'kubelet-config.yaml', 14),
  template('/var/lib/kubelet/node.env', 'node.env', 15),
  template('/var/lib/kube-proxy/kube-proxy-config.yaml', 'kube-proxy-config.yaml', 16),
];
