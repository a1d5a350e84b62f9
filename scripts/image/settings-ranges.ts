// Settings that must agree with each other -> findings: service range, DNS address.
import { Address4 } from 'ip-address';
import type { Finding } from '../../cloud-init/report.ts';
import type { Settings } from './settings-table.ts';
import type { YamlText } from './yaml-place.ts';

const error = (
  yaml: YamlText,
  key: string,
  id: string,
  message: string,
  hint: string,
): Finding => ({
  id,
  severity: 'error',
  ...yaml.placeOfValue([key]),
  key,
  message,
  hint,
});

/** The widest range the API server takes, and the narrowest with room for DNS and a few Services. */
const prefixMin = 12;
const prefixMax = 28;

/** Checks `service-cidr` and `dns-address` against each other. */
export const checkRanges = (settings: Settings, yaml: YamlText): Finding[] => {
  const { serviceCidr, dnsAddress } = settings;
  const range = new Address4(serviceCidr);
  const network = `${range.startAddress().correctForm()}/${range.subnetMask}`;
  if (network !== serviceCidr) {
    const message = `${serviceCidr} has host bits set`;
    const hint = `the network of that address is ${network}`;
    return [error(yaml, 'service-cidr', 'service-cidr-host-bits', message, hint)];
  }
  if (range.subnetMask < prefixMin || range.subnetMask > prefixMax) {
    const message = `/${range.subnetMask} is not between /${prefixMin} and /${prefixMax}`;
    const hint = 'the API server takes no wider range, and a narrower one has no room for Services';
    return [error(yaml, 'service-cidr', 'service-cidr-size', message, hint)];
  }
  const first = range.startAddress().bigInt() + 1n;
  const address = new Address4(dnsAddress);
  const suggestion = Address4.fromBigInt(first + 9n).correctForm();
  if (!address.isInSubnet(range)) {
    const message = `${dnsAddress} lies outside service-cidr ${serviceCidr}`;
    const hint = `the usual address in that range is ${suggestion}`;
    return [error(yaml, 'dns-address', 'dns-address-outside', message, hint)];
  }
  const reserved = [
    { address: first - 1n, is: 'the network address' },
    { address: first, is: 'the address of the kubernetes Service' },
    { address: range.endAddress().bigInt(), is: 'the last address' },
  ].find((candidate) => candidate.address === address.bigInt());
  if (reserved === undefined) return [];
  const message = `${dnsAddress} is ${reserved.is} of service-cidr ${serviceCidr}`;
  const hint = `the usual address in that range is ${suggestion}`;
  return [error(yaml, 'dns-address', 'dns-address-reserved', message, hint)];
};
