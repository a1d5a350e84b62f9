// A checked request + facts of the instance -> every name and value that files are made from.
import {
  defaultMaxPods,
  podNetworkOf,
  podNetworkValues,
  type InterfaceFacts,
  type PodNetworkMode,
  type PodNetworkValues,
} from './pod-network.ts';
import type { Settings } from './settings.ts';
import type { NodeRequest } from './validate.ts';

/** Names that follow from the request alone: they say which secrets to ask for. */
export type IdentityMethod = 'files' | 'tls-bootstrap';

export interface NodeNames {
  identity: IdentityMethod;
  podNetwork: PodNetworkMode;
  /** `<cluster>-<name>`, e.g. `k8s-cluster-from-ground-up-worker-0`. */
  workerName: string;
  /** Of this node alone; with `tls-bootstrap` the one that all new nodes read. */
  nodeSecret: string;
  sharedSecret: string;
}

/** Everything a template may use, by the name it has there. */
export interface Values extends PodNetworkValues {
  nodeName: string;
  nodeIp: string;
  /** What the parts of Kubernetes that know AWS find the instance by. */
  providerId: string;
  maxPods: number;
  /** As the kubelet's flag has them: `key=value,key=value`. */
  nodeLabels: string;
  /** JSON, which is YAML. */
  registerWithTaints: string;
  clusterDomain: string;
  dnsAddress: string;
  kubeProxyMode: string;
  /** What programs the kernel for the bridge: the same as for kube-proxy, so that one is enough. */
  packetFilter: string;
  /** Serving certificate and key; empty: the kubelet makes them itself. */
  certificatePath: string;
  privateKeyPath: string;
  /** The kubelet has its client certificate renewed before it expires. */
  rotateCertificates: boolean;
  /** More of the kubelet's command line. */
  kubeletIdentity: string;
}

const stateFolder = '/var/lib/kubelet';

/** The bootstrap token is never on a disk. */
export const bootstrapFolder = '/run/groundup/bootstrap';
export const bootstrapPath = `${bootstrapFolder}/kubeconfig`;
export const kubeletPkiFolder = `${stateFolder}/pki`;
/** Certificate and key that the kubelet asked for; a link to the newest. */
export const kubeletClientPath = `${kubeletPkiFolder}/kubelet-client-current.pem`;

export const authorityPath = '/var/lib/kubernetes/ca.pem';
export const certificatePath = ({ workerName }: NodeNames): string =>
  `${stateFolder}/${workerName}.pem`;
export const privateKeyPath = ({ workerName }: NodeNames): string =>
  `${stateFolder}/${workerName}-key.pem`;

/** How a node comes to its certificate; the checked value of a key. */
export const identityOf = (settings: Pick<Settings, 'identity'>): IdentityMethod =>
  settings.identity as IdentityMethod;

/** `instanceId` names a node that user-data does not. */
export const deriveNames = (
  { name, podCidr, settings }: Pick<NodeRequest, 'name' | 'podCidr' | 'settings'>,
  instanceId: string,
): NodeNames => {
  const folder = `${settings['secret-prefix']}/${settings.cluster}`;
  const ownName = name ?? instanceId;
  const isBootstrap = identityOf(settings) === 'tls-bootstrap';
  return {
    identity: identityOf(settings),
    podNetwork: podNetworkOf(podCidr),
    workerName: `${settings.cluster}-${ownName}`,
    nodeSecret: `${folder}/${isBootstrap ? 'bootstrap' : ownName}`,
    sharedSecret: `${folder}/shared`,
  };
};

/** The name of a node whose certificate does not say it; undefined when the instance has none such. */
export const ownNodeName = (
  { name, settings }: Pick<NodeRequest, 'name' | 'settings'>,
  { instanceId, privateDnsName }: { instanceId: string; privateDnsName?: string },
): string | undefined =>
  name ?? (settings['node-name'] === 'private-dns-name' ? privateDnsName : instanceId);

/** What the request does not say: from the certificate and the metadata service. */
export interface NodeFacts {
  nodeName: string;
  nodeIp: string;
  instanceId: string;
  availabilityZone: string;
  network: InterfaceFacts;
  /** Of the network interface. */
  mtuBytes: number;
}

const identityValues = (
  names: NodeNames,
): Pick<Values, 'certificatePath' | 'privateKeyPath' | 'rotateCertificates' | 'kubeletIdentity'> =>
  names.identity === 'files'
    ? {
        certificatePath: certificatePath(names),
        privateKeyPath: privateKeyPath(names),
        rotateCertificates: false,
        kubeletIdentity: '',
      }
    : {
        certificatePath: '',
        privateKeyPath: '',
        rotateCertificates: true,
        kubeletIdentity: `--bootstrap-kubeconfig=${bootstrapPath} --cert-dir=${kubeletPkiFolder}`,
      };

export const deriveValues = (
  { podCidr, labels, taints, maxPods, settings }: NodeRequest,
  names: NodeNames,
  facts: NodeFacts,
): Values => ({
  nodeName: facts.nodeName,
  nodeIp: facts.nodeIp,
  // https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/instances.go
  providerId: `aws:///${facts.availabilityZone}/${facts.instanceId}`,
  ...podNetworkValues(podCidr, facts.network, facts),
  maxPods: maxPods ?? defaultMaxPods(podCidr, facts.network),
  nodeLabels: labels.map(([key, value]) => `${key}=${value}`).join(','),
  registerWithTaints: JSON.stringify(taints),
  clusterDomain: settings['cluster-domain'],
  dnsAddress: settings['dns-address'],
  kubeProxyMode: settings['kube-proxy-mode'],
  packetFilter: settings['kube-proxy-mode'],
  ...identityValues(names),
});
