// A checked request + facts of the instance -> every name and value that files are made from.
import { podCapacity, rangeOf } from './cidr.ts';
import type { NodeRequest } from './validate.ts';

/** Names that follow from the request alone: they say which secrets to ask for. */
export interface NodeNames {
  /** `<cluster>-<name>`, e.g. `k8s-cluster-from-ground-up-worker-0`. */
  workerName: string;
  nodeSecret: string;
  sharedSecret: string;
}

/** Everything a template may use, by the name it has there. */
export interface Values {
  nodeName: string;
  nodeIp: string;
  /** What the parts of Kubernetes that know AWS find the instance by. */
  providerId: string;
  podCidr: string;
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
  certificatePath: string;
  privateKeyPath: string;
}

/** Kubernetes' own advice for a node, and the kubelet's default. */
const podsMax = 110;

const stateFolder = '/var/lib/kubelet';

export const authorityPath = '/var/lib/kubernetes/ca.pem';
export const certificatePath = ({ workerName }: NodeNames): string =>
  `${stateFolder}/${workerName}.pem`;
export const privateKeyPath = ({ workerName }: NodeNames): string =>
  `${stateFolder}/${workerName}-key.pem`;

export const deriveNames = ({
  name,
  settings,
}: Pick<NodeRequest, 'name' | 'settings'>): NodeNames => {
  const folder = `${settings['secret-prefix']}/${settings.cluster}`;
  return {
    workerName: `${settings.cluster}-${name}`,
    nodeSecret: `${folder}/${name}`,
    sharedSecret: `${folder}/shared`,
  };
};

/** What the request does not say: from the certificate and the metadata service. */
export interface NodeFacts {
  nodeName: string;
  nodeIp: string;
  instanceId: string;
  availabilityZone: string;
}

export const deriveValues = (
  { podCidr, labels, taints, maxPods, settings }: NodeRequest,
  names: NodeNames,
  facts: NodeFacts,
): Values => ({
  nodeName: facts.nodeName,
  nodeIp: facts.nodeIp,
  // https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/instances.go
  providerId: `aws:///${facts.availabilityZone}/${facts.instanceId}`,
  podCidr,
  maxPods: maxPods ?? Math.min(podsMax, podCapacity(rangeOf(podCidr))),
  nodeLabels: labels.map(([key, value]) => `${key}=${value}`).join(','),
  registerWithTaints: JSON.stringify(taints),
  clusterDomain: settings['cluster-domain'],
  dnsAddress: settings['dns-address'],
  kubeProxyMode: settings['kube-proxy-mode'],
  packetFilter: settings['kube-proxy-mode'],
  certificatePath: certificatePath(names),
  privateKeyPath: privateKeyPath(names),
});
