// Parsed fields + baked settings -> what the user asked for, or every fault at once.
import {
  addressNumber,
  formatAddress,
  networkOf,
  overlaps,
  parseRange,
  rangeOf,
  type Range,
} from './cidr.ts';
import { keys, keyTable, settingKeys, type Key } from './keys.ts';
import { makeFinding } from './messages.ts';
import { parseFields, type Parsed, type ParsedFields } from './parse.ts';
import type { Finding } from './report.ts';
import type { Settings } from './settings.ts';
import { readUserData, userDataSizeMax, type Span } from './user-data.ts';

/** What a node is to be: every value has its form, and they agree with each other. */
export interface NodeRequest {
  name: string;
  podCidr: string;
  /** Baked settings with the overrides of user-data. */
  settings: Settings;
}

export type UserDataCheck =
  | { kind: 'none' }
  | { kind: 'foreign'; form: string }
  | { kind: 'node'; request: NodeRequest; podCidrAt: Span }
  | { kind: 'errors'; findings: Finding[] };

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

const endOf = (text: string): Span => {
  const lines = text.trimEnd().split(/\r?\n/);
  const last = lines.at(-1) ?? '';
  return { text: '', line: lines.length, column: last.length + 1 };
};

const checkMissing = ({ named }: Parsed, text: string): Finding[] =>
  keys
    .filter((key) => keyTable[key].required && !named.has(key))
    .map((key) =>
      makeFinding('missing-key', endOf(text), key, { key, example: keyTable[key].example }),
    );

const checkRange = (key: 'pod-cidr' | 'service-cidr', at: Span, range: Range): Finding[] => {
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

const checkValue = (key: Key, at: Span): Finding[] => {
  const { form, example, accepts } = keyTable[key];
  if (!accepts(at.text))
    return [makeFinding('bad-value', at, key, { value: at.text, form, key, example })];
  if (key !== 'pod-cidr' && key !== 'service-cidr') return [];
  return checkRange(key, at, rangeOf(at.text));
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
    const subject = key === 'dns-address' ? '' : 'dns-address ';
    const values = { subject, address: text, range: range.text, suggestion };
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

/** Checks that need more than one value; only those whose own form is right take part. */
const checkTogether = (fields: ParsedFields, settings: Settings): Finding[] => {
  const serviceRange = parseRange(settings['service-cidr']);
  const podCidr = fields['pod-cidr'];
  return [
    ...(podCidr === undefined || serviceRange === undefined
      ? []
      : checkPodRange(podCidr, serviceRange)),
    ...(serviceRange === undefined ? [] : checkDns(fields, settings, serviceRange)),
  ];
};

/** Values of the right form only, over the baked ones. */
const override = (settings: Settings, sound: ParsedFields): Settings => ({
  ...settings,
  ...Object.fromEntries(
    settingKeys.flatMap((key) => (sound[key] === undefined ? [] : [[key, sound[key].text]])),
  ),
});

/**
 * Checks the text of user-data against the settings of the image. The same on a laptop and on the
 * node; only the node also knows the VPC's ranges, see `checkVpc`.
 */
export const checkUserData = (text: string, baked: Settings): UserDataCheck => {
  const userData = readUserData(text);
  if (userData.kind !== 'fields') return userData;
  if (text.length > userDataSizeMax) {
    const values = { length: text.length, lengthMax: userDataSizeMax };
    const start = { text: '', line: 1, column: 1 };
    return { kind: 'errors', findings: [makeFinding('too-long', start, undefined, values)] };
  }
  const parsed = parseFields(userData.fields);
  const sound: ParsedFields = {};
  const wrong: Finding[] = [];
  for (const key of keys) {
    const at = parsed.fields[key];
    if (at === undefined) continue;
    const found = checkValue(key, at);
    wrong.push(...found);
    if (found.length === 0) sound[key] = at;
  }
  const settings = override(baked, sound);
  const findings = [
    ...parsed.findings,
    ...checkMissing(parsed, text),
    ...wrong,
    ...checkTogether(sound, settings),
  ];
  const { name, 'pod-cidr': podCidr } = sound;
  if (findings.length > 0 || name === undefined || podCidr === undefined)
    return { kind: 'errors', findings };
  const request = { name: name.text, podCidr: podCidr.text, settings };
  return { kind: 'node', request, podCidrAt: podCidr };
};

/** What only the instance knows: pods must not have addresses of the VPC. */
export const checkVpc = (podCidrAt: Span, vpcRanges: readonly string[]): Finding[] => {
  const podRange = rangeOf(podCidrAt.text);
  return vpcRanges
    .flatMap((text) => parseRange(text) ?? [])
    .filter((range) => overlaps(range, podRange))
    .map((range) =>
      makeFinding('pod-cidr-overlaps-vpc', podCidrAt, 'pod-cidr', {
        value: podCidrAt.text,
        range: range.text,
      }),
    );
};
