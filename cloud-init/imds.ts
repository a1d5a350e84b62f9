// The instance metadata service -> user-data and facts of the instance, role credentials.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
import { isAddress } from './cidr.ts';
import { BootFailure, excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { networkOf, noRanges, rangePaths } from './imds-interface.ts';
import { imdsFailure, imdsLimits, readMetadata, type Session } from './imds-session.ts';
import type { NetworkFacts } from './ranges.ts';
import { formatTries, retry, type RetryLimits } from './retry.ts';
import { Secret } from './secret.ts';

/** Credentials of a role may lag behind the boot by some seconds. */
const credentialLimits: RetryLimits = { ...imdsLimits, deadlineMs: 45_000, delayMs: 1000 };

export interface InstanceFacts {
  /** Absent when the instance has none. */
  userData?: string;
  region: string;
  /** Domain of AWS in this partition, e.g. `amazonaws.com`. */
  domain: string;
  nodeIp: string;
  /** E.g. `ip-172-31-0-20.eu-central-1.compute.internal`. */
  privateDnsName?: string;
  mac: string;
  /** `i-…` */
  instanceId: string;
  /** E.g. `eu-central-1a`. */
  availabilityZone: string;
  /** Absent outside an autoscaling group. */
  lifecycleState?: string;
  /** Absent when the instance has no role, or not yet. */
  roleName?: string;
}

export interface Credentials {
  /** `<access key id>:<secret access key>` */
  user: Secret;
  sessionToken: Secret;
}

const checked = (
  path: string,
  value: string | undefined,
  isRight: (value: string) => boolean,
): string => {
  const text = value?.trim();
  if (text === undefined || text === '') throw imdsFailure(`${path}: there is none`);
  if (!isRight(text))
    throw imdsFailure(`${path}: "${excerpt(text, 60)}" is not what belongs there`);
  return text;
};

export const lifecycleStatePath = 'meta-data/autoscaling/target-lifecycle-state';

/** In a warm pool, or on its way there: `Warmed:Stopped`, `Warmed:Running`, `Warmed:Hibernated`. */
export const isWarmed = (lifecycleState: string | undefined): boolean =>
  lifecycleState?.startsWith('Warmed:') === true;

const rolePath = 'meta-data/iam/security-credentials/';

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html */
const roleForm = /^[\w+=,.@-]{1,64}$/;

/** The first line of the list of roles; an instance has one at most. Another form is none. */
const roleOf = (list: string | undefined): string | undefined => {
  const name = list?.trim().split('\n')[0] ?? '';
  return roleForm.test(name) ? name : undefined;
};

/** Several names, of a VPC with several domains, stand side by side: the first one is meant. */
const dnsForm = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;

/** User-data and everything else that is needed from the service before secrets are read. */
export const readFacts = (host: Host, session: Session): InstanceFacts => {
  const [userData, region, domain, nodeIp, dnsName, mac, instanceId, zone, state, roles] =
    readMetadata(host, session, [
      'user-data',
      'meta-data/placement/region',
      'meta-data/services/domain',
      'meta-data/local-ipv4',
      'meta-data/local-hostname',
      'meta-data/mac',
      'meta-data/instance-id',
      'meta-data/placement/availability-zone',
      lifecycleStatePath,
      rolePath,
    ]);
  const roleName = roleOf(roles);
  const [privateDnsName = ''] = (dnsName ?? '').trim().split(/\s+/);
  return {
    ...(userData === undefined ? {} : { userData }),
    region: checked('placement/region', region, (text) => /^[a-z]{2}[a-z0-9-]+-\d+$/.test(text)),
    domain: checked('services/domain', domain ?? 'amazonaws.com', (text) =>
      /^[a-z0-9.-]+$/.test(text),
    ),
    nodeIp: checked('local-ipv4', nodeIp, isAddress),
    ...(dnsForm.test(privateDnsName) ? { privateDnsName } : {}),
    mac: checked('mac', mac, (text) => /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text)),
    instanceId: checked('instance-id', instanceId, (text) => /^i-[0-9a-f]+$/.test(text)),
    availabilityZone: checked('placement/availability-zone', zone, (text) =>
      /^[a-z0-9-]+$/.test(text),
    ),
    ...(state === undefined ? {} : { lifecycleState: state.trim() }),
    ...(roleName === undefined ? {} : { roleName }),
  };
};

const parseCredentials = (body: string): Credentials | undefined => {
  try {
    const { AccessKeyId, SecretAccessKey, Token } = JSON.parse(body) as Record<string, unknown>;
    if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') return undefined;
    if (typeof Token !== 'string') return undefined;
    return {
      user: new Secret(`${AccessKeyId}:${SecretAccessKey}`),
      sessionToken: new Secret(Token),
    };
  } catch {
    return undefined;
  }
};

/** Role credentials, and the ranges of VPC and subnet, which are read in the same go. */
export const readCredentials = (
  host: Host,
  session: Session,
  facts: Pick<InstanceFacts, 'mac' | 'roleName'>,
): { credentials: Credentials; network: NetworkFacts } => {
  let { roleName } = facts;
  let hasCredentials = false;
  const outcome = retry(host, credentialLimits, () => {
    if (roleName === undefined) roleName = roleOf(readMetadata(host, session, [rolePath])[0]);
    if (roleName === undefined) return { again: 'the instance has no IAM role' };
    const paths = [`${rolePath}${roleName}`, ...rangePaths(facts.mac)];
    const [body, vpc, subnet] = readMetadata(host, session, paths);
    const credentials = body === undefined ? undefined : parseCredentials(body);
    if (credentials === undefined) return { again: `role ${roleName} has no credentials yet` };
    hasCredentials = true;
    const network = networkOf(vpc, subnet);
    return network === undefined
      ? { again: noRanges(facts.mac) }
      : { done: { credentials, network } };
  });
  if ('done' in outcome) return outcome.done;
  if (hasCredentials) throw imdsFailure(`${outcome.gaveUp} (${formatTries(outcome)})`);
  throw new BootFailure('secrets-denied', `${outcome.gaveUp} (${formatTries(outcome)})`);
};
