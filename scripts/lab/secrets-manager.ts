// Secrets Manager over HTTPS, with AWS's own errors; every signature is checked. What it does: secrets-store.ts.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { secretsManagerHost, vpc } from './addresses.ts';
import type { Credentials } from './imds.ts';
import {
  createSecretStore,
  denyWorker,
  operations,
  refuse,
  type Answer,
  type SecretsManagerRole,
  type SecretStore,
} from './secrets-store.ts';

export interface SecretsManagerOptions {
  /** Secret name -> SecretString; an administrator's requests change it. */
  secrets: Map<string, string>;
  credentials: Credentials;
  /** Whose the credentials are; the role of a worker when absent. */
  role?: SecretsManagerRole;
  /** The service's clock; default: this machine's. */
  nowMs?: () => number;
  /** True: more requests than the account's quota of that operation; default: there is none. */
  isThrottled?: (operation: string, body: string) => boolean;
}

/** AWS refuses a signature whose time is further off than this. */
const clockSkewMaxMs = 5 * 60_000;

const parseAmzDate = (text: string): number => {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
};

const headerOf = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
};

const authorizationPattern =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Signs the request again with the key we know; undefined when the signatures are the same. */
const checkSignature = async (
  request: IncomingMessage,
  body: string,
  credentials: Credentials,
  nowMs: number,
): Promise<Answer | undefined> => {
  const match = authorizationPattern.exec(headerOf(request, 'authorization'));
  if (!match) return refuse('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, accessKeyId, , region = '', service = '', signedHeaders = '', signature = ''] = match;
  if (
    accessKeyId !== credentials.accessKeyId ||
    headerOf(request, 'x-amz-security-token') !== credentials.sessionToken
  )
    return refuse(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  const signingDate = headerOf(request, 'x-amz-date');
  const signedAtMs = parseAmzDate(signingDate);
  const aheadMs = signedAtMs - nowMs;
  if (Number.isNaN(aheadMs) || aheadMs < -clockSkewMaxMs)
    return refuse('InvalidSignatureException', `Signature expired: ${signingDate}`);
  if (aheadMs > clockSkewMaxMs)
    return refuse('InvalidSignatureException', `Signature not yet current: ${signingDate}`);
  if (region !== vpc.region || service !== 'secretsmanager')
    return refuse(
      'InvalidSignatureException',
      `Credential should be scoped to ${vpc.region} and secretsmanager.`,
    );
  const names = signedHeaders.split(';');
  for (const needed of ['host', 'x-amz-date', 'x-amz-security-token'])
    if (!names.includes(needed))
      return refuse('InvalidSignatureException', `${needed} is not among the signed headers`);
  const signer = new SignatureV4({
    credentials,
    region,
    service,
    sha256: Sha256,
    applyChecksum: false,
  });
  const headers = Object.fromEntries(names.map((name) => [name, headerOf(request, name)]));
  const again = await signer.sign(
    {
      method: request.method ?? 'POST',
      protocol: 'https:',
      hostname: secretsManagerHost,
      path: '/',
      query: {},
      headers: {
        ...headers,
        'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
      },
      body,
    },
    {
      signingDate: new Date(signedAtMs),
      signableHeaders: new Set(names),
      unsignableHeaders: new Set(
        names.includes('x-amz-content-sha256') ? [] : ['x-amz-content-sha256'],
      ),
    },
  );
  const expected = /Signature=([0-9a-f]{64})/.exec(again.headers['authorization'] ?? '')?.[1] ?? '';
  const same =
    expected.length === signature.length &&
    timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
  if (same) return undefined;
  return refuse(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  );
};

const dispatch = (
  target: string,
  body: string,
  store: SecretStore,
  role: SecretsManagerRole,
): Answer => {
  let input: Record<string, unknown>;
  try {
    input = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return refuse('SerializationException', 'the body is not JSON');
  }
  const name = target.replace(/^secretsmanager\./, '');
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined) return refuse('UnknownOperationException', `no operation ${target}`);
  if (role === 'worker' && !operation.isForWorkers) return denyWorker(name);
  return operation.run(store, input);
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

/** Handles one request; for node:https's createServer. */
export const secretsManagerListener = ({
  secrets,
  credentials,
  role = 'worker',
  nowMs = Date.now,
  isThrottled = () => false,
}: SecretsManagerOptions): RequestListener => {
  const store = createSecretStore(secrets);
  return (request, response) => {
    const handle = async (): Promise<Answer> => {
      const body = await readBody(request);
      const refused = await checkSignature(request, body, credentials, nowMs());
      if (refused !== undefined) return refused;
      const target = headerOf(request, 'x-amz-target');
      // https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
      if (isThrottled(target.replace(/^secretsmanager\./, ''), body))
        return refuse('ThrottlingException', 'Rate exceeded');
      return dispatch(target, body, store, role);
    };
    handle()
      .catch((error: Error) => refuse('InternalServiceError', error.message, 500))
      .then(({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify(body));
      })
      .catch(() => response.destroy());
  };
};
