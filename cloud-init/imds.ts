// The instance metadata service, version 2 -> user-data and facts of the instance, role credentials.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
import { isAddress, parseRange } from './cidr.ts';
import { describeResponse, sendRequests, type HttpOptions, type HttpResponse } from './curl.ts';
import { BootFailure, excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import type { NetworkFacts } from './ranges.ts';
import { formatTries, retry, type Attempt, type RetryLimits } from './retry.ts';
import { Secret } from './secret.ts';

export const imdsAddress = 'http://169.254.169.254';

/** Link-local: an answer takes milliseconds or does not come. */
const options: HttpOptions = { connectTimeoutMs: 2000, timeoutMs: 5000, isDirect: true };

/** The service itself may come a minute late: two are waited for, so that jitter does not matter. */
const limits: RetryLimits = { deadlineMs: 120_000, triesMax: 60, delayMs: 250, delayMaxMs: 5000 };

/** Credentials of a role may lag behind the boot by some seconds. */
const credentialLimits: RetryLimits = { ...limits, deadlineMs: 45_000, delayMs: 1000 };

const tokenLifetimeSeconds = 300;

export interface Session {
  url: string;
  /** Replaced when the service does not take it any more. */
  token: Secret;
}

export interface InstanceFacts {
  /** Absent when the instance has none. */
  userData?: string;
  region: string;
  /** Domain of AWS in this partition, e.g. `amazonaws.com`. */
  domain: string;
  nodeIp: string;
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

/** Answers that a later try may better: none at all, too many requests, the service's own trouble. */
const isPassing = ({ status }: HttpResponse): boolean =>
  status === 0 || status === 429 || status >= 500;

const fail = (message: string) => new BootFailure('imds', `instance metadata: ${message}`);

/** AWS's are Base64; anything else is a page of something that stands before the service. */
const tokenForm = /^[\w+/=-]{1,1024}$/;

/** Asks for a session token, which every other request must show. */
export const openSession = (host: Host, url: string): Session => {
  const request = {
    url: `${url}/latest/api/token`,
    method: 'PUT',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': String(tokenLifetimeSeconds) },
  } as const;
  const outcome = retry(host, limits, (): Attempt<HttpResponse> => {
    const [response] = sendRequests(host, [request], options) as [HttpResponse];
    if (isPassing(response)) return { again: describeResponse(response) };
    if (response.status !== 200 || tokenForm.test(response.body.trim())) return { done: response };
    return { again: 'what it answers is no token' };
  });
  if ('gaveUp' in outcome)
    throw fail(`no token from ${url}: ${outcome.gaveUp} (${formatTries(outcome)})`);
  const { status, body } = outcome.done;
  if (status === 403) throw fail(`${url} answers HTTP 403: it is switched off for this instance`);
  if (status !== 200) throw fail(`no token from ${url}: HTTP ${status}`);
  return { url, token: new Secret(body.trim()) };
};

/** Requests all paths below /latest/ until no answer may get better. */
const request = (host: Host, { url, token }: Session, paths: readonly string[]): HttpResponse[] => {
  const requests = paths.map((path) => ({
    url: `${url}/latest/${path}`,
    headers: { 'X-aws-ec2-metadata-token': token },
  }));
  const outcome = retry(host, limits, (): Attempt<HttpResponse[]> => {
    const responses = sendRequests(host, requests, options);
    const passing = responses.findIndex(isPassing);
    if (passing === -1) return { done: responses };
    return { again: `${paths[passing]}: ${describeResponse(responses[passing] as HttpResponse)}` };
  });
  if ('gaveUp' in outcome) throw fail(`${outcome.gaveUp} (${formatTries(outcome)})`);
  return outcome.done;
};

const isRefused = ({ status }: HttpResponse): boolean => status === 401;

/** Reads paths below /latest/ in one go. A path that does not exist is `undefined`. */
const read = (host: Host, session: Session, paths: readonly string[]): (string | undefined)[] => {
  let responses = request(host, session, paths);
  if (responses.some(isRefused)) {
    // A token may have expired during long waits; a new one that is refused, too, is another fault.
    session.token = openSession(host, session.url).token;
    responses = request(host, session, paths);
  }
  return responses.map(({ status, body }, index) => {
    if (status === 404) return undefined;
    if (status === 200) return body;
    const reason = status === 401 ? 'HTTP 401: a new token was refused, too' : `HTTP ${status}`;
    throw fail(`${paths[index]}: ${reason}`);
  });
};

const checked = (
  path: string,
  value: string | undefined,
  isRight: (value: string) => boolean,
): string => {
  const text = value?.trim();
  if (text === undefined || text === '') throw fail(`${path}: there is none`);
  if (!isRight(text)) throw fail(`${path}: "${excerpt(text, 60)}" is not what belongs there`);
  return text;
};

const rolePath = 'meta-data/iam/security-credentials/';

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html */
const roleForm = /^[\w+=,.@-]{1,64}$/;

/** The first line of the list of roles; an instance has one at most. Another form is none. */
const roleOf = (list: string | undefined): string | undefined => {
  const name = list?.trim().split('\n')[0] ?? '';
  return roleForm.test(name) ? name : undefined;
};

/** User-data and everything else that is needed from the service before secrets are read. */
export const readFacts = (host: Host, session: Session): InstanceFacts => {
  const [userData, region, domain, nodeIp, mac, instanceId, zone, state, roles] = read(
    host,
    session,
    [
      'user-data',
      'meta-data/placement/region',
      'meta-data/services/domain',
      'meta-data/local-ipv4',
      'meta-data/mac',
      'meta-data/instance-id',
      'meta-data/placement/availability-zone',
      'meta-data/autoscaling/target-lifecycle-state',
      rolePath,
    ],
  );
  const roleName = roleOf(roles);
  return {
    ...(userData === undefined ? {} : { userData }),
    region: checked('placement/region', region, (text) => /^[a-z]{2}[a-z0-9-]+-\d+$/.test(text)),
    domain: checked('services/domain', domain ?? 'amazonaws.com', (text) =>
      /^[a-z0-9.-]+$/.test(text),
    ),
    nodeIp: checked('local-ipv4', nodeIp, isAddress),
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
  facts: InstanceFacts,
): { credentials: Credentials; network: NetworkFacts } => {
  const interfacePath = `meta-data/network/interfaces/macs/${facts.mac}`;
  let { roleName } = facts;
  const outcome = retry(host, credentialLimits, () => {
    if (roleName === undefined) roleName = roleOf(read(host, session, [rolePath])[0]);
    if (roleName === undefined) return { again: 'the instance has no IAM role' };
    const [body, ranges, subnetRange] = read(host, session, [
      `${rolePath}${roleName}`,
      `${interfacePath}/vpc-ipv4-cidr-blocks`,
      `${interfacePath}/subnet-ipv4-cidr-block`,
    ]);
    const credentials = body === undefined ? undefined : parseCredentials(body);
    if (credentials === undefined) return { again: `role ${roleName} has no credentials yet` };
    const subnet = parseRange((subnetRange ?? '').trim());
    const vpcRanges = (ranges ?? '').split('\n').flatMap((text) => parseRange(text.trim()) ?? []);
    const network = {
      vpcRanges: vpcRanges.map(({ text }) => text),
      ...(subnet === undefined ? {} : { subnetRange: subnet.text }),
    };
    return { done: { credentials, network } };
  });
  if ('done' in outcome) return outcome.done;
  throw new BootFailure('secrets-denied', `${outcome.gaveUp} (${formatTries(outcome)})`);
};
