// The keys of user-data as one table: form in words, example, description, and the check of one value.
// Keys that are also settings of images/worker.yaml override what was baked.
import { isAddress, parseRange } from './cidr.ts';
import { isPodCidr } from './pod-network.ts';

export interface KeyRow {
  required: boolean;
  /** The identity with which a required key may be absent. */
  optionalWith?: string;
  /** Baked from images/worker.yaml, and overridden by user-data. */
  isSetting?: boolean;
  /** The form in words: `<value> is not <form>`. */
  form: string;
  example: string;
  description: string;
  accepts(value: string): boolean;
}

const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const dnsName = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const secretPath = /^[A-Za-z0-9_+=.@-]+(?:\/[A-Za-z0-9_+=.@-]+)*$/;
const proxyModes = ['nftables', 'iptables'];
/** Names of groups may have anything but colons; `|` would end the field. */
const lifecycleHook = /^[!-9;-{}~][ -9;-{}~]{0,254}:[\w/-]{1,255}$/;
const nodeNames = ['instance-id', 'private-dns-name'];
const identities = ['files', 'tls-bootstrap'];

/** Every key, in the order of the documentation. */
export const keyTable = {
  name: {
    required: true,
    optionalWith: 'tls-bootstrap',
    form: 'a lower-case DNS label of at most 40 characters',
    example: 'worker-0',
    description:
      'The node’s part of every name: files and secrets are called <cluster>-<name>. With identity ' +
      'tls-bootstrap it is the node’s name; without it node-name says which.',
    accepts: (value) => value.length <= 40 && label.test(value),
  },
  'pod-cidr': {
    required: true,
    form: 'an IPv4 range, imds-prefix, node or none',
    example: '172.20.0.0/24',
    description:
      'Addresses of the pods on this node: a range of its own, from /16 to /28; the prefixes of its ' +
      'network interface (imds-prefix); the range that the controller manager gives it (node); or ' +
      'another network’s business (none).',
    accepts: isPodCidr,
  },
  labels: {
    required: false,
    form: 'labels as key=value, separated by commas',
    example: 'pool=blue,disk=ssd',
    description: 'Labels that the node registers with; later ones are the API server’s to change.',
    accepts: () => true,
  },
  taints: {
    required: false,
    form: 'taints as key=value:effect, separated by commas',
    example: 'dedicated=gpu:NoSchedule',
    description: 'Taints that the node registers with.',
    accepts: () => true,
  },
  'max-pods': {
    required: false,
    form: 'a whole number from 1 to 500',
    example: '58',
    description:
      'Most pods on this node; without it as many as pod-cidr has room for, and at most 110.',
    accepts: (value) => /^[1-9]\d{0,2}$/.test(value) && Number(value) <= 500,
  },
  'group-size': {
    required: false,
    form: '1',
    example: '1',
    description:
      'Only 1: the autoscaling group never has a second instance, so that a fixed pod-cidr is right.',
    accepts: (value) => value === '1',
  },
  'lifecycle-hook': {
    required: false,
    form: 'an autoscaling group and its launch hook, <group>:<hook>',
    example: 'workers:ready',
    description:
      'The hook that is told CONTINUE when the node is Ready and ABANDON when it is not to be.',
    accepts: (value) => lifecycleHook.test(value),
  },
  cluster: {
    required: false,
    isSetting: true,
    form: 'a lower-case DNS label of at most 40 characters',
    example: 'prod-eu-1',
    description: 'Cluster name: first part of every worker name and of the secret names.',
    accepts: (value) => value.length <= 40 && label.test(value),
  },
  identity: {
    required: false,
    isSetting: true,
    form: 'files or tls-bootstrap',
    example: 'tls-bootstrap',
    description:
      'Where the node’s certificate comes from: files of a secret, or a request to the API server.',
    accepts: (value) => identities.includes(value),
  },
  'node-name': {
    required: false,
    isSetting: true,
    form: 'instance-id or private-dns-name',
    example: 'private-dns-name',
    description:
      'With identity tls-bootstrap and without a name, what the node is called: by its instance’s id, ' +
      'or by the private DNS name that AWS’s cloud controller manager may look for.',
    accepts: (value) => nodeNames.includes(value),
  },
  'service-cidr': {
    required: false,
    isSetting: true,
    form: 'an IPv4 range',
    example: '10.32.0.0/24',
    description: 'Range of Service addresses, the same as the API server has.',
    accepts: (value) => parseRange(value) !== undefined,
  },
  'dns-address': {
    required: false,
    isSetting: true,
    form: 'an IPv4 address',
    example: '10.32.0.10',
    description: 'Service address of the cluster DNS; inside service-cidr.',
    accepts: isAddress,
  },
  'cluster-domain': {
    required: false,
    isSetting: true,
    form: 'a lower-case DNS name of at most 63 characters',
    example: 'cluster.local',
    description: 'DNS domain of the cluster.',
    accepts: (value) => value.length <= 63 && dnsName.test(value),
  },
  'secret-prefix': {
    required: false,
    isSetting: true,
    form: 'a path of letters, digits and _+=.@- without a slash at its ends, at most 100 characters',
    example: 'k8s',
    description:
      'Secrets are <secret-prefix>/<cluster>/<name> and <secret-prefix>/<cluster>/shared.',
    accepts: (value) => value.length <= 100 && secretPath.test(value),
  },
  'kube-proxy-mode': {
    required: false,
    isSetting: true,
    form: 'nftables or iptables',
    example: 'nftables',
    description: 'How kube-proxy programs the kernel; iptables needs an image baked for it.',
    accepts: (value) => proxyModes.includes(value),
  },
} as const satisfies Record<string, KeyRow>;

export type Key = keyof typeof keyTable;

export const keys = Object.keys(keyTable) as Key[];

export const isKey = (text: string): text is Key => Object.hasOwn(keyTable, text);

/** Keys whose value is baked and may be overridden. */
export type SettingKey = {
  [K in Key]: (typeof keyTable)[K] extends { isSetting: true } ? K : never;
}[Key];

export const settingKeys = keys.filter((key): key is SettingKey => 'isSetting' in keyTable[key]);
