// The metadata service -> the ranges of the instance's network interface.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
import { parseRange } from './cidr.ts';
import type { Host } from './hosts/host.ts';
import { imdsFailure, readMetadata, type Session } from './imds-session.ts';
import type { InterfaceFacts } from './pod-network.ts';
import { formatTries, retry, type RetryLimits } from './retry.ts';

export const interfacePath = (mac: string): string => `meta-data/network/interfaces/macs/${mac}`;

/** One range a line; lines of another form are none. */
export const rangesOf = (text: string | undefined): string[] =>
  (text ?? '').split('\n').flatMap((line) => parseRange(line.trim())?.text ?? []);

/** Prefixes that are assigned at launch are there at once, others some seconds after their call. */
const limits: RetryLimits = { deadlineMs: 10_000, triesMax: 8, delayMs: 500, delayMaxMs: 2000 };

/** For `imds-prefix`. `prefixes` is empty when the interface has none. Throws a BootFailure. */
export const readInterface = (host: Host, session: Session, mac: string): InterfaceFacts => {
  const place = interfacePath(mac);
  const names = ['ipv4-prefix', 'vpc-ipv4-cidr-blocks', 'subnet-ipv4-cidr-block'];
  const read = () =>
    readMetadata(
      host,
      session,
      names.map((name) => `${place}/${name}`),
    ).map(rangesOf) as [string[], string[], string[]];
  const outcome = retry(host, limits, () => {
    const [prefixes, vpcRanges, [subnetRange]] = read();
    if (vpcRanges.length === 0 || subnetRange === undefined)
      return { again: `${place}: no ranges of VPC and subnet` };
    return prefixes.length === 0 ? { again: '' } : { done: { prefixes, vpcRanges, subnetRange } };
  });
  if ('done' in outcome) return outcome.done;
  if (outcome.gaveUp === '') return { prefixes: [], vpcRanges: [] };
  throw imdsFailure(`${outcome.gaveUp} (${formatTries(outcome)})`);
};
