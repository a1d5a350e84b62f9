// The metadata service -> the ranges of the instance's network interface.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
import { parseRange } from './cidr.ts';
import type { Host } from './hosts/host.ts';
import { imdsFailure, readMetadata, type Session } from './imds-session.ts';
import type { InterfaceFacts } from './pod-network.ts';
import type { NetworkFacts } from './ranges.ts';
import { formatTries, retry, type RetryLimits } from './retry.ts';

export const interfacePath = (mac: string): string => `meta-data/network/interfaces/macs/${mac}`;

/** One range a line; lines of another form are none. */
export const rangesOf = (text: string | undefined): string[] =>
  (text ?? '').split('\n').flatMap((line) => parseRange(line.trim())?.text ?? []);

const rangeNames = ['vpc-ipv4-cidr-blocks', 'subnet-ipv4-cidr-block'];

/** Where the ranges of VPC and subnet are. */
export const rangePaths = (mac: string): string[] =>
  rangeNames.map((name) => `${interfacePath(mac)}/${name}`);

/** What is at `rangePaths`. Undefined without a range of the VPC: an instance is always in one. */
export const networkOf = (
  vpc: string | undefined,
  subnet: string | undefined,
): NetworkFacts | undefined => {
  const vpcRanges = rangesOf(vpc);
  const [subnetRange] = rangesOf(subnet);
  if (vpcRanges.length === 0) return undefined;
  return { vpcRanges, ...(subnetRange === undefined ? {} : { subnetRange }) };
};

/** What `networkOf` has nothing of. */
export const noRanges = (mac: string): string => `${interfacePath(mac)}: no ranges of the VPC`;

/** Prefixes that are assigned at launch are there at once, others some seconds after their call. */
const limits: RetryLimits = { deadlineMs: 10_000, triesMax: 8, delayMs: 500, delayMaxMs: 2000 };

/** Ranges alone, for who asks for no credentials. Throws a BootFailure. */
export const readNetwork = (host: Host, session: Session, mac: string): NetworkFacts => {
  const outcome = retry(host, limits, () => {
    const [vpc, subnet] = readMetadata(host, session, rangePaths(mac));
    const network = networkOf(vpc, subnet);
    return network === undefined ? { again: noRanges(mac) } : { done: network };
  });
  if ('done' in outcome) return outcome.done;
  throw imdsFailure(`${outcome.gaveUp} (${formatTries(outcome)})`);
};

/** What there is right now, for who is refused already: nothing is waited for. Throws a BootFailure. */
export const lookAtInterface = (
  host: Host,
  session: Session,
  mac: string,
): { prefixes: string[]; network: NetworkFacts } => {
  const paths = [`${interfacePath(mac)}/ipv4-prefix`, ...rangePaths(mac)];
  const [assigned, vpc, subnet] = readMetadata(host, session, paths);
  return { prefixes: rangesOf(assigned), network: networkOf(vpc, subnet) ?? { vpcRanges: [] } };
};

/** For `imds-prefix`. `prefixes` is empty when the interface has none. Throws a BootFailure. */
export const readInterface = (host: Host, session: Session, mac: string): InterfaceFacts => {
  const place = interfacePath(mac);
  const paths = [`${place}/ipv4-prefix`, ...rangePaths(mac)];
  const outcome = retry(host, limits, () => {
    const [assigned, vpc, subnet] = readMetadata(host, session, paths);
    const { vpcRanges, subnetRange } = networkOf(vpc, subnet) ?? {};
    if (vpcRanges === undefined || subnetRange === undefined)
      return { again: `${place}: no ranges of VPC and subnet` };
    const prefixes = rangesOf(assigned);
    return prefixes.length === 0 ? { again: '' } : { done: { prefixes, vpcRanges, subnetRange } };
  });
  if ('done' in outcome) return outcome.done;
  if (outcome.gaveUp === '') return { prefixes: [], vpcRanges: [] };
  throw imdsFailure(`${outcome.gaveUp} (${formatTries(outcome)})`);
};
