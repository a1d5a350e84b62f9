// The metadata service (IMDSv2) -> user-data, facts about the instance, credentials of its role.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
import { sendRequests, type HttpRequest, type HttpResponse } from './curl.ts';
import { BootFailure } from './failure.ts';
import type { Host } from './host.ts';
import { withRetries, type RetryLimits, type Try } from './retry.ts';
import { Secret } from './secret.ts';

export interface InstanceFacts {
  /** As the instance was launched with; empty when there is none. */
  userData: string;
  instanceId: string;
  localIpv4: string;
  region: string;
  availabilityZone: string;
  mac: string;
  /** Empty when the instance has no profile. */
  roleName: string;
}

export interface RoleCredentials {
  accessKeyId: Secret;
  secretAccessKey: Secret;
  sessionToken: Secret;
}

export interface ImdsSession {
  baseUrl: string;
  token: Secret;
}

const requestTimeoutMs = 3000;
// The metadata service is there within seconds of the address; a minute covers a busy host.
const limits: RetryLimits = {
  deadlineMs: 60_000,
  triesMax: 40,
  firstDelayMs: 200,
  delayMaxMs: 3000,
};
/** Longer than a boot may take, short enough to be worthless afterwards. */
const tokenTtlSeconds = 300;

const isTemporary = (status: number): boolean => status === 429 || status >= 500;

/** Every response, once each is `accepted`; others are retried when they are temporary. */
const request = (
  host: Host,
  requests: readonly HttpRequest[],
  accepted: readonly number[],
): HttpResponse[] => {
  const result = withRetries(host, limits, (): Try<HttpResponse[]> => {
    const sent = sendRequests(host, requests, requestTimeoutMs);
    if ('error' in sent) return { retry: sent.error };
    const refused = sent.responses.findIndex(({ status }) => !accepted.includes(status));
    if (refused < 0) return { value: sent.responses };
    const status = sent.responses[refused]?.status ?? 0;
    const path = new RegExp('^https?://[^/]+(/.*)$').exec(requests[refused]?.url ?? '')?.[1];
    const text = `${path ?? ''} answered ${status}`;
    return isTemporary(status) ? { retry: text } : { fatal: text };
  });
  if ('value' in result) return result.value;
  const tries = result.tries === 1 ? '1 try' : `${result.tries} tries`;
  throw new BootFailure('metadata', `the metadata service failed: ${result.failed} (${tries})`);
};

/** A session token, without which the service answers 401. */
export const openSession = (host: Host, baseUrl: string): ImdsSession => {
  const [response] = request(
    host,
    [
      {
        url: `${baseUrl}/latest/api/token`,
        method: 'PUT',
        headers: { 'X-aws-ec2-metadata-token-ttl-seconds': String(tokenTtlSeconds) },
      },
    ],
    [200],
  );
  return { baseUrl, token: new Secret(response?.body ?? '') };
};

const get = (session: ImdsSession, path: string): HttpRequest => ({
  url: `${session.baseUrl}/latest/${path}`,
  headers: { 'X-aws-ec2-metadata-token': session.token.reveal() },
});

const factPaths = {
  userData: 'user-data',
  instanceId: 'meta-data/instance-id',
  localIpv4: 'meta-data/local-ipv4',
  region: 'meta-data/placement/region',
  availabilityZone: 'meta-data/placement/availability-zone',
  mac: 'meta-data/mac',
  roleName: 'meta-data/iam/security-credentials/',
} as const satisfies Record<keyof InstanceFacts, string>;

/** What only some instances have; the service answers 404 for the others. */
const optionalFacts: readonly (keyof InstanceFacts)[] = ['userData', 'roleName'];

/** All facts in one process; a missing user-data or role is an empty string. */
export const readFacts = (host: Host, session: ImdsSession): InstanceFacts => {
  const names = Object.keys(factPaths) as (keyof InstanceFacts)[];
  const requests = names.map((name) => get(session, factPaths[name]));
  const responses = request(host, requests, [200, 404]);
  const facts: Partial<InstanceFacts> = {};
  for (const [index, name] of names.entries()) {
    const { status, body } = responses[index] ?? { status: 0, body: '' };
    const found = status === 200;
    if (!found && !optionalFacts.includes(name))
      throw new BootFailure('metadata', `the metadata service has no ${factPaths[name]}`);
    facts[name] = found ? (name === 'userData' ? body : body.trim()) : '';
  }
  return facts as InstanceFacts;
};

const parseCredentials = (body: string): RoleCredentials | undefined => {
  try {
    const read = JSON.parse(body) as Record<string, unknown>;
    const { AccessKeyId, SecretAccessKey, Token } = read;
    if (read['Code'] !== 'Success') return undefined;
    if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') return undefined;
    if (typeof Token !== 'string') return undefined;
    return {
      accessKeyId: new Secret(AccessKeyId),
      secretAccessKey: new Secret(SecretAccessKey),
      sessionToken: new Secret(Token),
    };
  } catch {
    return undefined;
  }
};

/** Credentials of the instance's role, and the VPC's ranges, in one process. */
export const readCredentials = (
  host: Host,
  session: ImdsSession,
  facts: InstanceFacts,
): { credentials: RoleCredentials; vpcRanges: string[] } => {
  if (facts.roleName === '')
    throw new BootFailure(
      'credentials',
      'the instance has no IAM role to read its secrets with; give it an instance profile',
    );
  const role = facts.roleName.split('\n')[0] ?? '';
  const [credentialsResponse, rangesResponse] = request(
    host,
    [
      get(session, `meta-data/iam/security-credentials/${role}`),
      get(session, `meta-data/network/interfaces/macs/${facts.mac}/vpc-ipv4-cidr-blocks`),
    ],
    [200, 404],
  );
  const credentials = parseCredentials(credentialsResponse?.body ?? '');
  if (credentials === undefined)
    throw new BootFailure(
      'credentials',
      `the metadata service gave no usable credentials for role ${role}`,
    );
  const ranges = rangesResponse?.status === 200 ? rangesResponse.body : '';
  return { credentials, vpcRanges: ranges.split(/\s+/).filter((range) => range !== '') };
};
