// pod-cidr -> how the pods of this node come to their addresses, and every value that follows from it.
// docs/pod-network.md has the modes as a table.
import { formatAddress, parseRange, podCapacity, rangeOf } from './cidr.ts';

/** Words that stand in pod-cidr in place of a range. */
export const namedPodNetworks = ['imds-prefix', 'node', 'none'] as const;

/** `range`: a fixed range behind a bridge. */
export type PodNetworkMode = 'range' | (typeof namedPodNetworks)[number];

/** The caller has checked the form. */
export const podNetworkOf = (podCidr: string): PodNetworkMode =>
  namedPodNetworks.find((name) => name === podCidr) ?? 'range';

export const isPodCidr = (text: string): boolean =>
  podNetworkOf(text) !== 'range' || parseRange(text) !== undefined;

/** What the instance knows of its network interface; ranges as the metadata service has them. */
export interface InterfaceFacts {
  vpcRanges: readonly string[];
  /** The rest is read for `imds-prefix` only. */
  subnetRange?: string;
  /** Each a /28. */
  prefixes: readonly string[];
}

/** Kubernetes' own advice for a node, and the kubelet's default. */
const podsMax = 110;

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html */
export const addressesPerPrefix = 16;

/** As many as there are addresses, or as many as a node may have. */
export const defaultMaxPods = (podCidr: string, { prefixes }: InterfaceFacts): number => {
  switch (podNetworkOf(podCidr)) {
    case 'range':
      return Math.min(podsMax, podCapacity(rangeOf(podCidr)));
    case 'imds-prefix':
      return Math.min(podsMax, prefixes.length * addressesPerPrefix);
    case 'node':
    case 'none':
      return podsMax;
  }
};

/** containerd fills in what the controller manager gave to the node. */
const containerdPlaceholder = '{{.PodCIDR}}';

/**
 * One pool of all prefixes. With the subnet as range and the node's own address as gateway all 16
 * addresses of a prefix are for pods: with the prefix as range, three of them are kept back.
 */
const poolOf = (nodeIp: string, { subnetRange, prefixes }: InterfaceFacts): object[][] => [
  prefixes.map((prefix) => {
    const { first, last } = rangeOf(prefix);
    return {
      subnet: subnetRange,
      rangeStart: formatAddress(first),
      rangeEnd: formatAddress(last),
      gateway: nodeIp,
    };
  }),
];

/** How kube-proxy knows that a packet is from a pod of its own node: mode and detail. */
const localDetection: Record<PodNetworkMode, readonly [mode: string, detail: object]> = {
  range: ['BridgeInterface', { bridgeInterface: 'cnio0' }],
  node: ['BridgeInterface', { bridgeInterface: 'cnio0' }],
  // As ptp names the node's end of a pod's pair.
  'imds-prefix': ['InterfaceNamePrefix', { interfaceNamePrefix: 'veth' }],
  // Nobody here knows how another network names its interfaces. Without a range every source is local.
  none: ['ClusterCIDR', {}],
};

/** What templates use of it; lists are as the file's own language has them. */
export interface PodNetworkValues {
  podCidr: string;
  mtuBytes: number;
  detectLocalMode: string;
  /** JSON, which is YAML. */
  detectLocal: string;
  /** Ranges of host-local as JSON; of `imds-prefix` only, as the following. */
  podPool: string;
  /** For a set of nftables. */
  podPrefixes: string;
  vpcRanges: string;
}

export const podNetworkValues = (
  podCidr: string,
  network: InterfaceFacts,
  { nodeIp, mtuBytes }: { nodeIp: string; mtuBytes: number },
): PodNetworkValues => {
  const mode = podNetworkOf(podCidr);
  const [detectLocalMode, detail] = localDetection[mode];
  return {
    podCidr: mode === 'node' ? containerdPlaceholder : podCidr,
    mtuBytes,
    detectLocalMode,
    detectLocal: JSON.stringify(detail),
    podPool: JSON.stringify(poolOf(nodeIp, network)),
    podPrefixes: network.prefixes.join(', '),
    vpcRanges: network.vpcRanges.join(', '),
  };
};
