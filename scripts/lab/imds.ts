// The instance metadata service, version 2 only: who asks is known by the address he asks from.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { vpc } from './addresses.ts';

export interface Instance {
  address: string;
  instanceId: string;
  mac: string;
  /** `ip-172-31-0-20` */
  hostname: string;
  /** Empty: the service answers 404, as on AWS. */
  userData: string;
  /** OpenSSH public key of the instance's key pair. */
  publicKey: string;
  /** Of its network interface; none: the service answers 404. */
  prefixes: readonly string[];
  /** What its autoscaling group has in mind for it; absent outside a group. */
  lifecycleState?: string;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** A folder of metadata, or a leaf's text. */
type Tree = { [name: string]: Tree | string };

export interface ImdsRequest {
  timeMs: number;
  address: string;
  method: string;
  path: string;
  status: number;
}

export interface IssuedToken {
  token: string;
  /** Who asked, in its own words, e.g. `curl/8.14.1`. */
  userAgent: string;
}

export interface ImdsOptions {
  instanceAt: (address: string) => Instance | undefined;
  credentials: Credentials;
  /** Called for each session token. */
  onToken?: (issued: IssuedToken) => void;
  /** Called for each request, after it was answered. */
  onRequest?: (request: ImdsRequest) => void;
}

const versions = ['latest', '2021-03-23', '2018-09-24', '2016-09-02', '2009-04-04'];
const tokenTtlSecondsMax = 21_600;

const interfaceTree = (instance: Instance): Tree => ({
  'device-number': '0',
  'interface-id': `eni-${instance.instanceId.slice(2)}`,
  'local-hostname': `${instance.hostname}.${vpc.region}.compute.internal`,
  'local-ipv4s': instance.address,
  mac: instance.mac,
  'owner-id': '000000000000',
  'subnet-id': 'subnet-00000000000000000',
  'subnet-ipv4-cidr-block': vpc.subnetCidr,
  'vpc-id': 'vpc-00000000000000000',
  'vpc-ipv4-cidr-block': vpc.vpcCidr,
  'vpc-ipv4-cidr-blocks': vpc.vpcCidr,
  ...(instance.prefixes.length === 0 ? {} : { 'ipv4-prefix': instance.prefixes.join('\n') }),
});

const credentialDocument = (credentials: Credentials): string =>
  JSON.stringify(
    {
      Code: 'Success',
      LastUpdated: new Date().toISOString(),
      Type: 'AWS-HMAC',
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      Token: credentials.sessionToken,
      Expiration: new Date(Date.now() + 6 * 3600 * 1000).toISOString(),
    },
    null,
    2,
  );

const identityDocument = (instance: Instance): string =>
  JSON.stringify(
    {
      accountId: '000000000000',
      architecture: 'x86_64',
      availabilityZone: vpc.availabilityZone,
      imageId: 'ami-00000000000000000',
      instanceId: instance.instanceId,
      instanceType: 't3.medium',
      privateIp: instance.address,
      region: vpc.region,
      version: '2017-09-30',
    },
    null,
    2,
  );

const treeOf = (instance: Instance, credentials: Credentials): Tree => {
  const fullName = `${instance.hostname}.${vpc.region}.compute.internal`;
  return {
    'meta-data': {
      'ami-id': 'ami-00000000000000000',
      'ami-launch-index': '0',
      ...(instance.lifecycleState === undefined
        ? {}
        : { autoscaling: { 'target-lifecycle-state': instance.lifecycleState } }),
      'block-device-mapping': { ami: '/dev/xvda', root: '/dev/xvda' },
      hostname: fullName,
      iam: { 'security-credentials': { [vpc.roleName]: credentialDocument(credentials) } },
      'instance-id': instance.instanceId,
      'instance-life-cycle': 'on-demand',
      'instance-type': 't3.medium',
      'local-hostname': fullName,
      'local-ipv4': instance.address,
      mac: instance.mac,
      network: { interfaces: { macs: { [instance.mac]: interfaceTree(instance) } } },
      placement: { 'availability-zone': vpc.availabilityZone, region: vpc.region },
      'public-keys': { '0': { 'openssh-key': instance.publicKey } },
      'reservation-id': 'r-00000000000000000',
      'security-groups': 'default',
      services: { domain: 'amazonaws.com', partition: 'aws' },
    },
    dynamic: { 'instance-identity': { document: identityDocument(instance) } },
    ...(instance.userData === '' ? {} : { 'user-data': instance.userData }),
  };
};

/** A folder's listing: one name a line, folders with a slash; keys are listed as `0=name`. */
const listingOf = (path: readonly string[], tree: Tree): string =>
  Object.entries(tree)
    .map(([name, value]) => {
      if (path.at(-1) === 'public-keys') return `${name}=lab`;
      return typeof value === 'string' ? name : `${name}/`;
    })
    .join('\n');

const lookUp = (root: Tree, path: readonly string[]): string | undefined => {
  let value: Tree | string | undefined = root;
  for (const name of path) {
    if (typeof value !== 'object') return undefined;
    value = value[name];
  }
  return typeof value === 'object' ? listingOf(path, value) : value;
};

interface Answer {
  status: number;
  body: string;
}

/** Tokens are bound to the instance that asked for them. */
class Tokens {
  readonly #known = new Map<string, { address: string; expiresMs: number }>();

  issue(address: string, ttlText: unknown): Answer {
    const ttlSeconds = typeof ttlText === 'string' && /^\d+$/.test(ttlText) ? Number(ttlText) : 0;
    if (ttlSeconds < 1 || ttlSeconds > tokenTtlSecondsMax) return { status: 400, body: '' };
    const token = randomBytes(40).toString('base64');
    this.#known.set(token, { address, expiresMs: Date.now() + ttlSeconds * 1000 });
    return { status: 200, body: token };
  }

  accepts(address: string, token: unknown): boolean {
    const known = typeof token === 'string' ? this.#known.get(token) : undefined;
    return known !== undefined && known.address === address && known.expiresMs > Date.now();
  }
}

const answer = (request: IncomingMessage, tokens: Tokens, options: ImdsOptions): Answer => {
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const path = new URL(request.url ?? '/', 'http://imds').pathname;
  const { headers, method } = request;
  if (path === '/latest/api/token') {
    if (method !== 'PUT') return { status: 405, body: '' };
    // A proxy that forwards the request must not get a token for its client.
    if (headers['x-forwarded-for'] !== undefined) return { status: 403, body: '' };
    const issued = tokens.issue(address, headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (issued.status === 200)
      options.onToken?.({ token: issued.body, userAgent: headers['user-agent'] ?? '' });
    return issued;
  }
  if (!tokens.accepts(address, headers['x-aws-ec2-metadata-token']))
    return { status: 401, body: '' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: '' };
  const instance = options.instanceAt(address);
  if (instance === undefined) return { status: 404, body: '' };
  const [version = '', ...names] = path.split('/').filter((name) => name !== '');
  if (version === '') return { status: 200, body: versions.join('\n') };
  if (!versions.includes(version)) return { status: 404, body: '' };
  const body = lookUp(treeOf(instance, options.credentials), names);
  return body === undefined ? { status: 404, body: '' } : { status: 200, body };
};

/** The service, not yet listening. */
export const createImds = (options: ImdsOptions): Server => {
  const tokens = new Tokens();
  return createServer((request, response) => {
    const { status, body } = answer(request, tokens, options);
    response.writeHead(status, { 'Content-Type': 'text/plain', Server: 'EC2ws' });
    response.end(body);
    options.onRequest?.({
      timeMs: Date.now(),
      address: request.socket.remoteAddress ?? '',
      method: request.method ?? '',
      path: request.url ?? '',
      status,
    });
  });
};
