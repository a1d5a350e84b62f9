// Everything that can go wrong around a boot, as one table: what is wrong, what the agent says, what it
// asked for, and what is left on the disk. faults.test.ts runs each row in the bundle, in QuickJS.
import type { FailureClass } from '../../cloud-init/failure.ts';
import type { Intercept, LoopbackInstance } from '../../scripts/lab/loopback-instance.ts';

/** How often something was asked: exactly, or at least and at most where waits are random. */
export type Count = number | readonly [number, number];

export interface FaultRow {
  name: string;
  /** Milliseconds since the agent began, on its own clock. */
  imds?: (path: string, tries: number, elapsedMs: number) => ReturnType<Intercept>;
  /** Answers in place of Secrets Manager. */
  secrets?: (tries: number, elapsedMs: number) => ReturnType<Intercept>;
  spoil?: (instance: LoopbackInstance) => void;
  /** Shell lines in the node's root folder and in a mount namespace, before the agent. */
  mounts?: string;
  /** Name instead of an address for Secrets Manager. */
  secretsName?: string;
  /** How many times faster the agent's clock runs; less where real time passes in curl. */
  timeScale?: number;
  /** Absent: the fault passes, and the node is configured. */
  fails?: FailureClass;
  /** Between `groundup: NOT configured: ` and `; nothing was written`, or the journal's last line. */
  says?: string;
  /** Warnings in the journal before the last line. */
  warns?: string[];
  /** Requests by path below /latest/, and of Secrets Manager as `secrets`. */
  asked?: Record<string, Count>;
}

export const worker = 'k8s-cluster-from-ground-up-worker-0';
const nodeSecret = 'k8s/k8s-cluster-from-ground-up/worker-0';
const sharedSecret = 'k8s/k8s-cluster-from-ground-up/shared';
const token = 'api/token';
const userData = 'user-data';
const roles = 'meta-data/iam/security-credentials/';
const role = `${roles}groundup-worker`;
const subnet = 'meta-data/network/interfaces/macs/0e:49:61:0f:c3:14/subnet-ipv4-cidr-block';
const page = '<html><title>captive portal</title></html>';
const noAnswer = { status: 0 };

/** As Secrets Manager refuses a whole request. */
const refusal = (type: string, Message: string, status = 400) => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.secretsmanager#${type}`, Message }),
});

/** As it refuses one of the secrets. */
const secretError = (ErrorCode: string, Message: string) => ({
  status: 200,
  body: JSON.stringify({
    SecretValues: [],
    Errors: [{ SecretId: nodeSecret, ErrorCode, Message }],
  }),
});

const expired = refusal('ExpiredTokenException', 'The security token is expired');
const throttled = refusal('ThrottlingException', 'Rate exceeded');

const imdsFaults: FaultRow[] = [
  {
    name: 'the metadata service is 60 s late',
    imds: (_path, _tries, elapsedMs) => (elapsedMs < 60_000 ? noAnswer : undefined),
    asked: { [token]: [10, 40], [userData]: 1, secrets: 1 },
  },
  {
    name: 'the metadata service never answers',
    imds: () => noAnswer,
    fails: 'imds',
    says: 'instance metadata: no token from <imds>: Empty reply from server (<tries>)',
    asked: { [token]: [20, 60], [userData]: 0, secrets: 0 },
  },
  {
    name: 'the metadata service is slower than its limit, once',
    imds: (path, tries) =>
      path === token && tries === 1 ? { status: 200, delayMs: 7000 } : undefined,
    timeScale: 8,
    asked: { [token]: 2, [userData]: 1, secrets: 1 },
  },
  {
    name: 'the metadata service is slow within its limit',
    imds: () => undefined,
    spoil: ({ intercepts }) => {
      intercepts.imds = (url) =>
        url.endsWith(userData)
          ? { status: 200, body: 'name=worker-0|pod-cidr=172.20.0.0/24', delayMs: 3000 }
          : undefined;
    },
    timeScale: 8,
    asked: { [token]: 1, [userData]: 1, secrets: 1 },
  },
  {
    name: 'the token expires before user-data is read',
    imds: (path, tries) => (path === userData && tries === 1 ? { status: 401 } : undefined),
    asked: { [token]: 2, [userData]: 2, secrets: 1 },
  },
  {
    name: 'the token expires before credentials are read',
    imds: (path, tries) => (path === role && tries === 1 ? { status: 401 } : undefined),
    asked: { [token]: 2, [userData]: 1, [role]: 2, secrets: 1 },
  },
  {
    name: 'every token is refused',
    imds: (path) => (path === userData ? { status: 401 } : undefined),
    fails: 'imds',
    says: 'instance metadata: user-data: HTTP 401: a new token was refused, too',
    asked: { [token]: 2, [userData]: 2, secrets: 0 },
  },
  {
    name: 'the metadata service is switched off',
    imds: () => ({ status: 403 }),
    fails: 'imds',
    says: 'instance metadata: <imds> answers HTTP 403: it is switched off for this instance',
    asked: { [token]: 1, secrets: 0 },
  },
  {
    name: 'a metadata service without tokens (404)',
    imds: () => ({ status: 404 }),
    fails: 'imds',
    says: 'instance metadata: no token from <imds>: HTTP 404',
    asked: { [token]: 1, secrets: 0 },
  },
  {
    name: 'too many requests (429), twice',
    imds: (_path, tries) => (tries < 3 ? { status: 429 } : undefined),
    asked: { [token]: 3, [userData]: 3, [role]: 3, secrets: 1 },
  },
  {
    name: 'too many requests (429), for ever',
    imds: (path) => (path === userData ? { status: 429 } : undefined),
    fails: 'imds',
    says: 'instance metadata: user-data: HTTP 429 (<tries>)',
    asked: { [token]: 1, [userData]: [20, 60], secrets: 0 },
  },
  {
    name: 'trouble of the metadata service (500, 503), once each',
    imds: (path, tries) => {
      if (tries > 1) return undefined;
      if (path === token) return { status: 500 };
      return path === userData ? { status: 503 } : undefined;
    },
    asked: { [token]: 2, [userData]: 2, secrets: 1 },
  },
  {
    name: 'trouble of the metadata service (500), for ever',
    imds: () => ({ status: 500 }),
    fails: 'imds',
    says: 'instance metadata: no token from <imds>: HTTP 500 (<tries>)',
    asked: { [token]: [20, 60], secrets: 0 },
  },
  {
    name: 'a page in place of a token, once',
    imds: (path, tries) =>
      path === token && tries === 1 ? { status: 200, body: page } : undefined,
    asked: { [token]: 2, [userData]: 1, secrets: 1 },
  },
  {
    name: 'a page in place of a token, for ever',
    imds: () => ({ status: 200, body: page }),
    fails: 'imds',
    says: 'instance metadata: no token from <imds>: what it answers is no token (<tries>)',
    asked: { [token]: [20, 60], secrets: 0 },
  },
  {
    name: 'a page in place of user-data',
    imds: (path) => (path === userData ? { status: 200, body: page } : undefined),
    fails: 'user-data',
    says:
      'error[error-page] user-data:1:1 user-data is key=value fields; this is a page of a web server ' +
      '(captive portal) (something stored the answer to a failed request as user-data; look at what ' +
      'launches the instance)',
    asked: { [userData]: 1, secrets: 0 },
  },
  {
    name: 'a page in place of the region',
    imds: (path) =>
      path === 'meta-data/placement/region' ? { status: 200, body: page } : undefined,
    fails: 'imds',
    says: `instance metadata: placement/region: "${page}" is not what belongs there`,
    asked: { [userData]: 1, secrets: 0 },
  },
  {
    name: 'a page in place of the subnet',
    imds: (path) => (path === subnet ? { status: 200, body: page } : undefined),
    asked: { [subnet]: 1, secrets: 1 },
  },
];

const credentialFaults: FaultRow[] = [
  {
    name: 'the role comes late',
    imds: (path, tries) => (path === roles && tries < 4 ? { status: 404 } : undefined),
    asked: { [roles]: 4, [role]: 1, secrets: 1 },
  },
  {
    name: 'there is no role',
    imds: (path) => (path === roles ? { status: 404 } : undefined),
    fails: 'secrets-denied',
    says: 'the instance has no IAM role (<tries>)',
    asked: { [roles]: [5, 61], secrets: 0 },
  },
  {
    name: 'a page in place of the role, once',
    imds: (path, tries) =>
      path === roles && tries === 1 ? { status: 200, body: page } : undefined,
    asked: { [roles]: 2, [role]: 1, secrets: 1 },
  },
  {
    name: 'credentials come late',
    imds: (path, tries) => (path === role && tries < 4 ? { status: 404 } : undefined),
    asked: { [role]: 4, secrets: 1 },
  },
  {
    name: 'credentials that are no JSON, for ever',
    imds: (path) => (path === role ? { status: 200, body: page } : undefined),
    fails: 'secrets-denied',
    says: 'role groundup-worker has no credentials yet (<tries>)',
    asked: { [role]: [5, 61], secrets: 0 },
  },
  {
    name: 'credentials expire before secrets are read',
    secrets: (tries) => (tries === 1 ? expired : undefined),
    asked: { [token]: 1, [role]: 2, secrets: 2 },
  },
  {
    name: 'credentials and token expire before secrets are read',
    imds: (path, tries) => (path === role && tries === 2 ? { status: 401 } : undefined),
    secrets: (tries) => (tries === 1 ? expired : undefined),
    asked: { [token]: 2, [role]: 3, secrets: 2 },
  },
  {
    name: 'credentials have always expired',
    secrets: () => expired,
    fails: 'secrets-denied',
    says: 'Secrets Manager answers ExpiredTokenException: The security token is expired (<tries>)',
    asked: { [token]: 1, [role]: [5, 61], secrets: [5, 61] },
  },
];

const secretsFaults: FaultRow[] = [
  {
    name: 'Secrets Manager throttles, twice',
    secrets: (tries) => (tries < 3 ? throttled : undefined),
    asked: { secrets: 3 },
  },
  {
    name: 'Secrets Manager throttles, for ever',
    secrets: () => throttled,
    fails: 'secrets-unreachable',
    says: 'Secrets Manager answers ThrottlingException: Rate exceeded (<tries>)',
    asked: { secrets: [5, 200] },
  },
  {
    name: 'one secret is throttled, once',
    secrets: (tries) =>
      tries === 1 ? secretError('InternalServiceError', 'An error occurred') : undefined,
    asked: { secrets: 2 },
  },
  {
    name: 'trouble of Secrets Manager (500, 503), once each',
    secrets: (tries) => (tries < 3 ? { status: tries === 1 ? 500 : 503 } : undefined),
    asked: { secrets: 3 },
  },
  {
    name: 'trouble of Secrets Manager (503), for ever',
    secrets: () => ({ status: 503 }),
    fails: 'secrets-unreachable',
    says: 'Secrets Manager answers HTTP 503 (<tries>)',
    asked: { secrets: [5, 61] },
  },
  {
    name: 'Secrets Manager ends the connection, once',
    secrets: (tries) => (tries === 1 ? noAnswer : undefined),
    asked: { secrets: 2 },
  },
  {
    name: 'Secrets Manager is slower than its limit, once',
    secrets: (tries) => (tries === 1 ? { status: 200, delayMs: 17_000 } : undefined),
    timeScale: 2,
    asked: { secrets: 2 },
  },
  {
    name: 'a page in place of secrets, once',
    secrets: (tries) => (tries === 1 ? { status: 200, body: page } : undefined),
    asked: { secrets: 2 },
  },
  {
    name: 'an answer of another form, for ever',
    secrets: () => ({
      status: 200,
      body: '{"SecretValues": {}, "Errors": "none", "__type": 5, "Message": []}',
    }),
    fails: 'secrets-unreachable',
    says: 'Secrets Manager answers HTTP 200 with something else than secrets (<tries>)',
    asked: { secrets: [5, 61] },
  },
  {
    name: 'values of another form',
    secrets: () => ({ status: 200, body: '{"SecretValues": [null, 5, {"Name": {}}]}' }),
    fails: 'secret-missing',
    says: `secret ${nodeSecret} is not in the answer`,
    asked: { secrets: 1 },
  },
  {
    name: 'the call is denied',
    secrets: () =>
      refusal('AccessDeniedException', 'not authorized to perform BatchGetSecretValue'),
    fails: 'secrets-denied',
    says: 'Secrets Manager answers AccessDeniedException: not authorized to perform BatchGetSecretValue (1 try)',
    asked: { secrets: 1 },
  },
  {
    name: 'one secret is denied',
    secrets: () => secretError('AccessDeniedException', 'not authorized'),
    fails: 'secrets-denied',
    says: `secret ${nodeSecret}: AccessDeniedException: not authorized (1 try)`,
    asked: { secrets: 1 },
  },
  {
    name: 'a secret is missing',
    spoil: ({ secrets }) => void secrets.delete(sharedSecret),
    fails: 'secret-missing',
    says: `secret ${sharedSecret} not found (ResourceNotFoundException, 1 try)`,
    asked: { secrets: 1 },
  },
  {
    name: 'a secret that is no JSON',
    spoil: ({ secrets }) => void secrets.set(nodeSecret, '{'),
    fails: 'secret-content',
    says: `secret ${nodeSecret} is not JSON`,
    asked: { secrets: 1 },
  },
  {
    name: 'a secret that is a list',
    spoil: ({ secrets }) => void secrets.set(sharedSecret, '[]'),
    fails: 'secret-content',
    says: `secret ${sharedSecret} is not a JSON object`,
    asked: { secrets: 1 },
  },
  {
    name: 'a missing field',
    spoil: (instance) => {
      delete instance.fields.shared['ca.pem'];
      instance.putSecrets();
    },
    fails: 'secret-content',
    says: `secret ${sharedSecret} has no field ca.pem`,
    asked: { secrets: 1 },
  },
  {
    name: 'a certificate that is none',
    spoil: (instance) => {
      instance.fields.node[`${worker}.pem`] =
        '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
      instance.putSecrets();
    },
    fails: 'secret-content',
    says: `/var/lib/kubelet/${worker}.pem: is not a certificate (cut short, or another kind of PEM?)`,
    asked: { secrets: 1 },
  },
  {
    name: 'the certificate of an authority in place of the node’s',
    spoil: (instance) => {
      instance.fields.node[`${worker}.pem`] = instance.fields.shared['ca.pem'];
      instance.putSecrets();
    },
    fails: 'secret-content',
    says: `/var/lib/kubelet/${worker}.pem: common name <authority>, a kubelet needs system:node:<node name>`,
    asked: { secrets: 1 },
  },
];

/** Names are looked up in these files, and by nobody else. */
const namesOf = (line: string): string =>
  [
    `echo '${line}' >hosts`,
    'echo nameserver 127.0.0.1 >resolv.conf',
    'mount --bind resolv.conf /etc/resolv.conf',
    'mount --bind hosts /etc/hosts',
  ].join('\n');

/** A boot's fourth curl is the first to ask for secrets; the name is there from this one on. */
const nameFromCurl = (number: number): string =>
  [
    'real=$(command -v curl)',
    "cat >bin/curl <<'end'",
    '#!/bin/sh',
    'echo >>curls',
    `[ "$(wc -l <curls)" -lt ${number} ] || echo 127.0.0.1 secretsmanager.test >hosts`,
    'exec "$REAL_CURL" "$@"',
    'end',
    'chmod 755 bin/curl',
    'export REAL_CURL="$real"',
  ].join('\n');

const clockFaults: FaultRow[] = [
  {
    name: 'the name of Secrets Manager resolves late',
    secretsName: 'secretsmanager.test',
    mounts: `${namesOf('127.0.0.1 localhost')}\n${nameFromCurl(6)}`,
    asked: { secrets: 1 },
  },
  {
    name: 'the name of Secrets Manager never resolves',
    secretsName: 'secretsmanager.test',
    mounts: namesOf('127.0.0.1 localhost'),
    fails: 'secrets-unreachable',
    says: 'no answer from <secrets>: Could not resolve host: secretsmanager.test (<tries>)',
    asked: { secrets: 0 },
  },
  {
    name: 'the clock is an hour behind',
    spoil: ({ clock }) => void (clock.aheadMs = 3_600_000),
    fails: 'clock',
    says:
      'the clock of this node is wrong, it says <time>: Secrets Manager answers ' +
      'InvalidSignatureException: Signature expired: <signed> (<tries>); ' +
      'time sync sets it (timedatectl timesync-status)',
    asked: { secrets: [5, 61] },
  },
  {
    name: 'the clock is an hour ahead',
    spoil: ({ clock }) => void (clock.aheadMs = -3_600_000),
    fails: 'clock',
    says:
      'the clock of this node is wrong, it says <time>: Secrets Manager answers ' +
      'InvalidSignatureException: Signature not yet current: <signed> (<tries>); ' +
      'time sync sets it (timedatectl timesync-status)',
    asked: { secrets: [5, 61] },
  },
  {
    name: 'the clock is wrong until time sync comes',
    spoil: (instance) => {
      instance.clock.aheadMs = 3_600_000;
      instance.intercepts.secrets = (_url, tries) => {
        if (tries === 3) instance.clock.aheadMs = 0;
        return undefined;
      };
    },
    asked: { secrets: 3 },
  },
  {
    name: 'a time that another code refuses',
    secrets: (tries) =>
      tries === 1 ? refusal('RequestTimeTooSkewed', 'The difference is too large', 403) : undefined,
    asked: { secrets: 2 },
  },
];

const diskFaults: FaultRow[] = [
  {
    name: 'the disk is full',
    mounts: 'mount -t tmpfs -o size=16k,mode=755 small var/lib',
    fails: 'write',
    says: '/var/lib/kubelet/.kubeconfig.groundup-new: No space left on device',
    asked: { secrets: 1 },
  },
  {
    name: 'the disk has room and no inode',
    mounts: 'mount -t tmpfs -o nr_inodes=8,mode=755 small var/lib',
    fails: 'write',
    says: '/var/lib/kubernetes/.ca.pem.groundup-new: No space left on device',
    asked: { secrets: 1 },
  },
  {
    name: 'the file system is read-only',
    mounts: 'mount --bind var/lib var/lib && mount -o remount,bind,ro var/lib',
    fails: 'write',
    says: '/var/lib/kubelet: Read-only file system',
    asked: { secrets: 1 },
  },
  {
    name: 'the second file system is read-only',
    mounts: 'mount --bind etc etc && mount -o remount,bind,ro etc',
    fails: 'write',
    says: '/etc/cni/net.d: Read-only file system',
    asked: { secrets: 1 },
  },
  {
    name: '/run is full: cloud-init is not told, and the node is configured',
    mounts:
      'mount -t tmpfs -o nr_inodes=5 small run && mkdir -p run/groundup run/systemd/netif && echo IPV4_ADDRESS_STATE=routable >run/systemd/netif/state',
    warns: ['<4>groundup: /run/groundup/node: No space left on device'],
    asked: { secrets: 1 },
  },
];

/** Every row runs in the bundle, in QuickJS with Debian 13's curl, on loopback. */
export const faultTable: readonly FaultRow[] = [
  ...imdsFaults,
  ...credentialFaults,
  ...secretsFaults,
  ...clockFaults,
  ...diskFaults,
];
