// Faults of Secrets Manager and of what the secrets hold.
import {
  worker,
  nodeSecret,
  sharedSecret,
  page,
  noAnswer,
  refusal,
  secretError,
  throttled,
  type FaultRow,
} from './row.ts';

export const secretsFaults: FaultRow[] = [
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
    asked: { secrets: [2, 200] },
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
    asked: { secrets: [2, 61] },
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
    asked: { secrets: [2, 61] },
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
    says: `secret ${sharedSecret} has no field ca.pem (docs/identity.md says what each secret holds)`,
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
    says: `secret ${nodeSecret}: ${worker}.pem is not a PEM certificate (cut short, or another kind of PEM?)`,
    asked: { secrets: 1 },
  },
  {
    name: 'the certificate of an authority in place of the node’s',
    warns: [
      `<4>groundup: secret ${nodeSecret}: ${worker}.pem does not name 172.31.0.20: kubectl logs and exec ` +
        'will fail verification (make one with this address among its subjectAltName)',
    ],
    spoil: (instance) => {
      instance.fields.node[`${worker}.pem`] = instance.fields.shared['ca.pem'];
      instance.putSecrets();
    },
    fails: 'secret-content',
    says: [
      'has common name <authority>, a kubelet needs system:node:<node name> (is it the certificate of something else?)',
      'has no organization system:nodes, the API server takes it for no node (make one with O=system:nodes)',
    ]
      .map((found) => `secret ${nodeSecret}: ${worker}.pem ${found}`)
      .concat(
        `secret ${nodeSecret}: ${worker}-key.pem is not the key of the certificate in ${worker}.pem ` +
          '(key and certificate are made together: take both from the same place)',
        `secret ${nodeSecret}: ${worker}.kubeconfig is for CN=system:node:ip-172-31-0-20, the certificate ` +
          'for CN=Kubernetes (write it with the certificate of this node)',
      )
      .join('; '),
    asked: { secrets: 1 },
  },
];
