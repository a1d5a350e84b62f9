// Ranges and addresses of user-data -> whether they can be what they are to be, together and with
// what the instance knows of its network.
import {
  addressNumber,
  formatAddress,
  networkOf,
  overlaps,
  parseRange,
  rangeOf,
  type Range,
} from './cidr.ts';
import { keyTable, type Key } from './keys.ts';
import { makeFinding } from './finding.ts';
import type { ParsedFields } from './parse.ts';
import { addressesPerPrefix, podNetworkOf, type InterfaceFacts } from './pod-network.ts';
import type { Finding } from './report.ts';
import type { Settings } from './settings.ts';
import type { Span } from './user-data.ts';

/** Ranges that no pod can have, with their use. */
const reservedRanges: readonly { range: Range; use: string }[] = [
  { range: rangeOf('0.0.0.0/8'), use: 'which means this network' },
  { range: rangeOf('127.0.0.0/8'), use: 'which is loopback' },
  {
    range: rangeOf('169.254.0.0/16'),
    use: 'which is link-local: the metadata service lives there',
  },
  { range: rangeOf('224.0.0.0/3'), use: 'which is multicast and reserved' },
];

/** Narrowest and widest range, with the reason. */
const rangeSizes = {
  'pod-cidr': {
    prefixMin: 16,
    prefixMax: 28,
    reason: 'a node runs at most 110 pods: a /24 has room for all of them',
  },
  'service-cidr': {
    prefixMin: 12,
    prefixMax: 28,
    reason: 'the API server takes no wider range, and a narrower one has no room for Services',
  },
} as const;

/** A range by itself; the caller has checked its form. */
export const checkRange = (key: 'pod-cidr' | 'service-cidr', at: Span, range: Range): Finding[] => {
  const network = networkOf(range);
  if (network !== range.text)
    return [makeFinding('host-bits', at, key, { value: range.text, network })];
  const { prefixMin, prefixMax, reason } = rangeSizes[key];
  const { prefix } = range;
  if (prefix < prefixMin || prefix > prefixMax)
    return [makeFinding('range-size', at, key, { prefix, prefixMin, prefixMax, reason })];
  const reserved = reservedRanges.find((candidate) => overlaps(candidate.range, range));
  if (reserved === undefined) return [];
  const values = {
    value: range.text,
    range: reserved.range.text,
    use: reserved.use,
    example: keyTable[key].example,
  };
  return [makeFinding('reserved-range', at, key, values)];
};

const checkPodRange = (at: Span, serviceRange: Range): Finding[] => {
  const podRange = parseRange(at.text);
  if (podRange === undefined || !overlaps(podRange, serviceRange)) return [];
  const values = { value: at.text, range: serviceRange.text };
  return [makeFinding('pod-cidr-overlaps-service-cidr', at, 'pod-cidr', values)];
};

const checkDns = (fields: ParsedFields, settings: Settings, range: Range): Finding[] => {
  const at = fields['dns-address'] ?? fields['service-cidr'];
  if (at === undefined) return [];
  const key = fields['dns-address'] === undefined ? 'service-cidr' : 'dns-address';
  const text = settings['dns-address'];
  const address = addressNumber(text);
  const suggestion = formatAddress(range.first + 10);
  if (address < range.first || address > range.last) {
    const values = { address: text, range: range.text, suggestion };
    return [makeFinding('dns-address-outside', at, key, values)];
  }
  const reserved = [
    { address: range.first, use: 'the network address' },
    { address: range.first + 1, use: 'the address of the kubernetes Service' },
    { address: range.last, use: 'the last address' },
  ].find((candidate) => candidate.address === address);
  if (reserved === undefined) return [];
  const values = { address: text, use: reserved.use, range: range.text, suggestion };
  return [makeFinding('dns-address-reserved', at, key, values)];
};

/** https://www.rfc-editor.org/rfc/rfc1918 and https://www.rfc-editor.org/rfc/rfc6598 */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(
  rangeOf,
);

/** A range of the Internet's works, but hides those whose it is. */
export const checkPrivate = ({ 'pod-cidr': at }: ParsedFields): Finding[] => {
  const range = at === undefined ? undefined : parseRange(at.text);
  if (at === undefined || range === undefined) return [];
  const isPrivate = privateRanges.some(
    ({ first, last }) => range.first >= first && range.last <= last,
  );
  if (isPrivate) return [];
  const values = { value: at.text, example: keyTable['pod-cidr'].example };
  return [makeFinding('public-range', at, 'pod-cidr', values)];
};

/**
 * Checks that need more than one value; only those whose own form is right take part. A value that was
 * refused is not replaced by the baked one: what that one says of the others nobody asked for.
 */
export const checkRanges = (
  fields: ParsedFields,
  named: ReadonlySet<Key>,
  settings: Settings,
): Finding[] => {
  const isRefused = (key: Key): boolean => named.has(key) && fields[key] === undefined;
  const serviceRange = parseRange(settings['service-cidr']);
  if (serviceRange === undefined || isRefused('service-cidr')) return [];
  const podCidr = fields['pod-cidr'];
  return [
    ...(podCidr === undefined ? [] : checkPodRange(podCidr, serviceRange)),
    ...(isRefused('dns-address') ? [] : checkDns(fields, settings, serviceRange)),
  ];
};

/**
 * A fixed range in a group that may grow; the metadata service tells only members of one a state.
 * Judged whatever else is wrong with the user-data.
 */
export const checkGroup = (
  { 'pod-cidr': podCidr, 'group-size': groupSize }: ParsedFields,
  lifecycleState: string | undefined,
): Finding[] =>
  podCidr === undefined ||
  lifecycleState === undefined ||
  groupSize !== undefined ||
  podNetworkOf(podCidr.text) !== 'range'
    ? []
    : [makeFinding('pod-cidr-in-group', podCidr, 'pod-cidr', { value: podCidr.text })];

/** What only the instance knows of its network; ranges as the metadata service has them. */
export interface NetworkFacts {
  vpcRanges: readonly string[];
  subnetRange?: string;
}

const overlapping = (texts: readonly string[], range: Range): string[] =>
  texts.filter((text) => {
    const other = parseRange(text);
    return other !== undefined && overlaps(other, range);
  });

/** Pods must not have addresses of the VPC; the subnet, which is a part of it, is named if it is that. */
const checkPodsInNetwork = (at: Span, { vpcRanges, subnetRange }: NetworkFacts): Finding[] => {
  const podRange = parseRange(at.text);
  if (podRange === undefined) return [];
  const value = at.text;
  const [subnet] = overlapping(subnetRange === undefined ? [] : [subnetRange], podRange);
  if (subnet !== undefined)
    return [makeFinding('pod-cidr-overlaps-subnet', at, 'pod-cidr', { value, range: subnet })];
  return overlapping(vpcRanges, podRange).map((range) =>
    makeFinding('pod-cidr-overlaps-vpc', at, 'pod-cidr', { value, range }),
  );
};

/**
 * Services hide addresses of the VPC only where one has the same: a warning, and the more worth one where
 * pods have addresses of the VPC. The baked range has no place of its own in user-data.
 */
const checkServicesInNetwork = (
  { 'service-cidr': named, 'pod-cidr': podCidr }: ParsedFields,
  settings: Settings,
  { vpcRanges }: NetworkFacts,
): Finding[] => {
  const value = named?.text ?? settings['service-cidr'];
  const serviceRange = parseRange(value);
  const at = named ?? podCidr;
  if (serviceRange === undefined || at === undefined) return [];
  return overlapping(vpcRanges, serviceRange).map((range) =>
    makeFinding('service-cidr-overlaps-vpc', at, 'service-cidr', { value, range }),
  );
};

/**
 * Fields of user-data, and the baked settings, against the network of the instance. A range that `ofText` refuses
 * is not replaced by the baked one: nobody will use that.
 */
export const checkNetwork = (
  fields: ParsedFields,
  settings: Settings,
  facts: NetworkFacts,
  ofText: readonly Finding[] = [],
): Finding[] => {
  const isRefused = ofText.some(
    ({ severity, key }) => severity === 'error' && key === 'service-cidr',
  );
  return [
    ...(fields['pod-cidr'] === undefined ? [] : checkPodsInNetwork(fields['pod-cidr'], facts)),
    ...(isRefused ? [] : checkServicesInNetwork(fields, settings, facts)),
  ];
};

/** `imds-prefix` needs prefixes, and room in them for as many pods as were asked for. */
export const checkPrefixes = (
  podCidrAt: Span,
  maxPodsAt: Span | undefined,
  { prefixes }: Pick<InterfaceFacts, 'prefixes'>,
): Finding[] => {
  if (podNetworkOf(podCidrAt.text) !== 'imds-prefix') return [];
  if (prefixes.length === 0) return [makeFinding('no-prefixes', podCidrAt, 'pod-cidr', {})];
  const room = prefixes.length * addressesPerPrefix;
  if (maxPodsAt === undefined || Number(maxPodsAt.text) <= room) return [];
  const values = {
    prefixes: prefixes.length === 1 ? '1 prefix has' : `${prefixes.length} prefixes have`,
    room,
    count: maxPodsAt.text,
    needed: Math.ceil(Number(maxPodsAt.text) / addressesPerPrefix),
  };
  return [makeFinding('too-many-pods-for-prefixes', maxPodsAt, 'max-pods', values)];
};
