// Request, instance and certificate -> every value that a template or a file name needs.
import { sizeOf } from './cidr.ts';
import type { InstanceFacts } from './imds.ts';
import type { NodeRequest } from './validate.ts';

export interface NodeValues {
  /** `<cluster>-<name>`: the seed's WORKER_NAME. */
  workerName: string;
  nodeName: string;
  nodeAddress: string;
  podCidr: string;
  dnsAddress: string;
  clusterDomain: string;
  kubeProxyMode: string;
  /** Backend of the bridge's masquerade rule; follows kube-proxy so that one tool shows both. */
  masqueradeBackend: string;
  maxPods: number;
}

/** The kubelet's own default; a larger range does not raise it. */
const maxPodsDefault = 110;
/** Network, gateway and broadcast address are no pod's. */
const addressesNotForPods = 3;

export const workerNameOf = (request: NodeRequest): string => `${request.cluster}-${request.name}`;

/** Names of the two secrets: the worker's own, and what all workers share. */
export const secretIdsOf = (request: NodeRequest): { node: string; shared: string } => {
  const prefix = `${request.secretPrefix}/${request.cluster}`;
  return { node: `${prefix}/${request.name}`, shared: `${prefix}/shared` };
};

export const deriveValues = (
  request: NodeRequest,
  facts: InstanceFacts,
  nodeName: string,
): NodeValues => ({
  workerName: workerNameOf(request),
  nodeName,
  nodeAddress: facts.localIpv4,
  podCidr: request.podCidr.text,
  dnsAddress: request.dnsAddress,
  clusterDomain: request.clusterDomain,
  kubeProxyMode: request.kubeProxyMode,
  masqueradeBackend: request.kubeProxyMode,
  maxPods: Math.min(maxPodsDefault, sizeOf(request.podCidr) - addressesNotForPods),
});
