// Faults of the metadata service and of the credentials that it gives.
import {
  token,
  userData,
  roles,
  role,
  subnet,
  vpc,
  page,
  noAnswer,
  expired,
  type FaultRow,
} from './row.ts';

export const imdsFaults: FaultRow[] = [
  {
    name: 'the metadata service is 60 s late',
    imds: (_path, _tries, elapsedMs) => (elapsedMs < 60_000 ? noAnswer : undefined),
    asked: { [token]: [4, 40], [userData]: 1, secrets: 1 },
  },
  {
    name: 'the metadata service never answers',
    imds: () => noAnswer,
    fails: 'imds',
    says: 'instance metadata: no token from <imds>: Empty reply from server (<tries>)',
    asked: { [token]: [2, 60], [userData]: 0, secrets: 0 },
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
    asked: { [token]: 1, [userData]: [2, 60], secrets: 0 },
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
    asked: { [token]: [2, 60], secrets: 0 },
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
    asked: { [token]: [2, 60], secrets: 0 },
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
  {
    name: 'a page in place of the ranges of the VPC, once',
    imds: (path, tries) => (path === vpc && tries === 1 ? { status: 200, body: page } : undefined),
    asked: { [vpc]: 2, secrets: 1 },
  },
  {
    name: 'no ranges of the VPC',
    imds: (path) => (path === vpc ? { status: 404 } : undefined),
    fails: 'imds',
    says: `instance metadata: ${vpc.replace('/vpc-ipv4-cidr-blocks', '')}: no ranges of the VPC (<tries>)`,
    asked: { [vpc]: [2, 61], secrets: 0 },
  },
];

export const credentialFaults: FaultRow[] = [
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
    asked: { [roles]: [2, 61], secrets: 0 },
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
    asked: { [role]: [2, 61], secrets: 0 },
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
    asked: { [token]: 1, [role]: [2, 61], secrets: [2, 61] },
  },
];
