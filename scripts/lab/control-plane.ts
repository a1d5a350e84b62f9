// etcd, kube-apiserver, controller-manager and scheduler, real ones, on the VPC's API address.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { runTool } from '../project/tools.ts';
import { apiServerUrl, vpc } from './addresses.ts';
import {
  controlPlaneIdentities,
  kubeconfigFor,
  writeKubeconfig,
  type CertificateAuthority,
  type ControlPlaneName,
  type KeyPair,
} from './pki.ts';
import { startService, waitFor, type Service } from './processes.ts';

export type ControlPlanePrograms = Record<
  'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubectl',
  string
>;

export interface ControlPlane {
  services: Service[];
  /** kubeconfig of a cluster administrator. */
  kubeconfigFile: string;
  pairs: Record<ControlPlaneName, KeyPair>;
}

const step = 'control';
const readyTimeoutMs = 120_000;

// The seed applies this once: the API server reads logs and runs commands through the kubelet.
const kubeletAccess = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: system:kube-apiserver-to-kubelet
rules:
  - apiGroups: ['']
    resources: [nodes/proxy, nodes/stats, nodes/log, nodes/spec, nodes/metrics]
    verbs: ['*']
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: system:kube-apiserver
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: system:kube-apiserver-to-kubelet
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: User
    name: kubernetes
`;

const apiServerArgs = (
  authority: CertificateAuthority,
  pairs: Record<ControlPlaneName, KeyPair>,
): string[] => [
  `--advertise-address=${vpc.apiServer}`,
  `--bind-address=${vpc.apiServer}`,
  `--secure-port=${vpc.apiServerPort}`,
  '--etcd-servers=http://127.0.0.1:2379',
  `--service-cluster-ip-range=${vpc.serviceCidr}`,
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  // docs/tls-bootstrap.md: new nodes may show a token in place of a certificate.
  '--enable-bootstrap-token-auth=true',
  '--allow-privileged=true',
  `--client-ca-file=${authority.certificateFile}`,
  `--tls-cert-file=${pairs['kube-apiserver'].certificateFile}`,
  `--tls-private-key-file=${pairs['kube-apiserver'].keyFile}`,
  `--kubelet-certificate-authority=${authority.certificateFile}`,
  `--kubelet-client-certificate=${pairs['kubelet-client'].certificateFile}`,
  `--kubelet-client-key=${pairs['kubelet-client'].keyFile}`,
  // Without it logs and exec look the node's name up, which no server of the VPC need know.
  '--kubelet-preferred-address-types=InternalIP,Hostname',
  `--service-account-key-file=${pairs['service-account'].certificateFile}`,
  `--service-account-signing-key-file=${pairs['service-account'].keyFile}`,
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
];

/** Starts all four and applies what a new cluster needs; resolves when the API server is ready. */
export const startControlPlane = async (
  stateFolder: string,
  programs: ControlPlanePrograms,
  authority: CertificateAuthority,
): Promise<ControlPlane> => {
  const pairs = Object.fromEntries(
    await Promise.all(
      Object.entries(controlPlaneIdentities).map(async ([name, identity]) => [
        name,
        await authority.sign(name, identity),
      ]),
    ),
  ) as Record<ControlPlaneName, KeyPair>;
  const certificate = await authority.certificate();
  const kubeconfig = async (name: ControlPlaneName, fileName = `${name}.kubeconfig`) => {
    const file = path.join(stateFolder, fileName);
    const user = controlPlaneIdentities[name].commonName;
    await writeKubeconfig(file, kubeconfigFor(user, pairs[name], certificate, apiServerUrl));
    return file;
  };
  const kubeconfigFile = await kubeconfig('admin', 'kubeconfig');

  const dataFolder = path.join(stateFolder, 'etcd');
  await mkdir(dataFolder, { mode: 0o700 });
  const start = (name: keyof ControlPlanePrograms, args: readonly string[]): Service =>
    startService(name, programs[name], args, stateFolder);
  const etcd = start('etcd', [
    `--data-dir=${dataFolder}`,
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    // A lab's cluster does not outlive the machine.
    '--unsafe-no-fsync',
  ]);
  const apiServer = start('kube-apiserver', apiServerArgs(authority, pairs));
  const kubectl = (...args: string[]) =>
    execa(programs.kubectl, [`--kubeconfig=${kubeconfigFile}`, ...args], { timeout: 10_000 });
  await waitFor(
    step,
    'kube-apiserver',
    { service: apiServer, timeoutMs: readyTimeoutMs, intervalMs: 500 },
    async () => (await kubectl('get', '--raw=/readyz')).stdout === 'ok',
  );
  const controllerManager = start('kube-controller-manager', [
    `--kubeconfig=${await kubeconfig('kube-controller-manager')}`,
    `--service-account-private-key-file=${pairs['service-account'].keyFile}`,
    `--root-ca-file=${authority.certificateFile}`,
    `--cluster-signing-cert-file=${authority.certificateFile}`,
    `--cluster-signing-key-file=${authority.keyFile}`,
    '--use-service-account-credentials=true',
    // Signing and approving are on by default, removing tokens that expired is not.
    '--controllers=*,tokencleaner',
    // docs/pod-network.md: each node gets a range, which those with pod-cidr=node use.
    '--allocate-node-cidrs=true',
    `--cluster-cidr=${vpc.clusterCidr}`,
    '--node-cidr-mask-size=24',
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  ]);
  const scheduler = start('kube-scheduler', [
    `--kubeconfig=${await kubeconfig('kube-scheduler')}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  ]);
  const args = [`--kubeconfig=${kubeconfigFile}`, 'apply', '--filename=-'];
  await runTool(programs.kubectl, args, { step, timeoutMs: 30_000, input: kubeletAccess });
  return { services: [etcd, apiServer, controllerManager, scheduler], kubeconfigFile, pairs };
};
