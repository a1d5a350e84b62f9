// A draft and the baked settings -> a request that can be fulfilled, or findings.
import { contains, overlaps, parseAddress, parseCidr, sizeOf, type Cidr } from './cidr.ts';
import type { BakedSettings, Key } from './keys.ts';
import { messages, type Message } from './messages.ts';
import { atValue, parseFields, type Draft } from './parse.ts';
import { hasErrors, type Finding } from './report.ts';
import type { Field } from './user-data.ts';

/** What the user asks for, settings filled in and every value checked. */
export interface NodeRequest {
  name: string;
  podCidr: Cidr;
  cluster: string;
  serviceCidr: string;
  dnsAddress: string;
  clusterDomain: string;
  secretPrefix: string;
  kubeProxyMode: string;
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const isDomain = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((part) => label.test(part));
/** Room for a gateway, a broadcast address and a handful of pods. */
const podAddressesMin = 16;

// Ranges that are never a pod's: link-local holds the metadata service.
const reserved: [range: string, what: string][] = [
  ['169.254.0.0/16', 'the link-local range of the metadata service'],
  ['127.0.0.0/8', 'the loopback range'],
];

type Rule = (value: string) => Message | undefined;

const cidrRule: Rule = (value) => {
  const parsed = parseCidr(value);
  if (parsed === undefined) return messages.notCidr(value);
  return parsed.hostBits ? messages.hostBits(value, parsed.network) : undefined;
};

/** Rules that look at one value alone. */
const rules: Record<Key, Rule> = {
  name: (value) => (label.test(value) ? undefined : messages.notLabel(value)),
  cluster: (value) => (label.test(value) ? undefined : messages.notLabel(value)),
  'pod-cidr': cidrRule,
  'service-cidr': cidrRule,
  'dns-address': (value) =>
    parseAddress(value) === undefined ? messages.notAddress(value) : undefined,
  'cluster-domain': (value) => (isDomain(value) ? undefined : messages.notDomain(value)),
  'secret-prefix': (value) =>
    /^[\w+=.@-]+(\/[\w+=.@-]+)*$/.test(value) ? undefined : messages.notPrefix(value),
  'kube-proxy-mode': (value) =>
    value === 'nftables' || value === 'iptables' ? undefined : messages.notProxyMode(value),
};

const rangeOf = (text: string): Cidr | undefined => {
  const parsed = parseCidr(text);
  return parsed === undefined || parsed.hostBits ? undefined : parsed.cidr;
};

/** Rules that look at two values; each runs only when both are sound by themselves. */
const checkAcross = (draft: Draft, settings: BakedSettings, vpcRanges: readonly string[]) => {
  const findings: Finding[] = [];
  const add = (field: Field | undefined, message: Message) => {
    if (field) findings.push(atValue(field, message));
  };
  const podField = draft['pod-cidr'];
  const pods = podField && rangeOf(podField.value);
  const serviceText = draft['service-cidr']?.value ?? settings['service-cidr'];
  const services = rangeOf(serviceText);
  if (pods) {
    if (sizeOf(pods) < podAddressesMin) add(podField, messages.rangeTooSmall(pods.text));
    const others: [string, string][] = [
      [serviceText, 'the service range'],
      ...vpcRanges.map((range): [string, string] => [range, 'the VPC range']),
      ...reserved,
    ];
    for (const [text, what] of others) {
      const other = rangeOf(text);
      if (other && overlaps(pods, other)) add(podField, messages.overlap(pods.text, text, what));
    }
  }
  const dnsField = draft['dns-address'];
  const dns = parseAddress(dnsField?.value ?? settings['dns-address']);
  if (services && dns !== undefined && !contains(services, dns))
    add(
      dnsField ?? draft['service-cidr'],
      messages.outsideServiceRange(dnsField?.value ?? settings['dns-address'], serviceText),
    );
  return findings;
};

/**
 * Fields -> request. `vpcRanges` come from the metadata service (none on a laptop). All faults are
 * found at once; a request is there only without errors.
 */
export const validate = (
  fields: readonly Field[],
  settings: BakedSettings,
  vpcRanges: readonly string[],
): { request?: NodeRequest; findings: Finding[] } => {
  const { draft, findings } = parseFields(fields);
  const faulty = new Set(findings.map((finding) => finding.key));
  for (const field of Object.values(draft)) {
    if (faulty.has(field.key)) continue;
    const message = rules[field.key as Key](field.value);
    if (message) findings.push(atValue(field, message));
  }
  findings.push(...checkAcross(draft, settings, vpcRanges));
  const podCidr = draft['pod-cidr'] && rangeOf(draft['pod-cidr'].value);
  const name = draft.name?.value;
  if (hasErrors(findings) || podCidr === undefined || name === undefined) return { findings };
  const valueOf = (key: keyof BakedSettings): string => draft[key]?.value ?? settings[key];
  return {
    findings,
    request: {
      name,
      podCidr,
      cluster: valueOf('cluster'),
      serviceCidr: valueOf('service-cidr'),
      dnsAddress: valueOf('dns-address'),
      clusterDomain: valueOf('cluster-domain'),
      secretPrefix: valueOf('secret-prefix'),
      kubeProxyMode: valueOf('kube-proxy-mode'),
    },
  };
};
