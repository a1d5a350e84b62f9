// A signed request to AWS -> signed again with the key we know, and what is wrong when that differs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { vpc } from './addresses.ts';
import type { Credentials } from './imds.ts';

export interface SignedService {
  /** As in the scope of a signature, e.g. `secretsmanager`. */
  name: string;
  /** What clients address it by. */
  host: string;
}

/** What was refused; each protocol of AWS has a code of its own for it. */
export interface SignatureFault {
  kind: 'unsigned' | 'unknown-client' | 'wrong';
  message: string;
}

/** AWS refuses a signature whose time is further off than this. */
const clockSkewMaxMs = 5 * 60_000;

const parseAmzDate = (text: string): number => {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
};

export const headerOf = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
};

const authorizationPattern =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Undefined when the signatures are the same. */
export const checkSignature = async (
  request: IncomingMessage,
  body: string,
  credentials: Credentials,
  nowMs: number,
  { name: serviceName, host }: SignedService,
): Promise<SignatureFault | undefined> => {
  const wrong = (message: string): SignatureFault => ({ kind: 'wrong', message });
  const match = authorizationPattern.exec(headerOf(request, 'authorization'));
  if (!match) return { kind: 'unsigned', message: 'Missing Authentication Token' };
  const [, accessKeyId, , region = '', service = '', signedHeaders = '', signature = ''] = match;
  if (
    accessKeyId !== credentials.accessKeyId ||
    headerOf(request, 'x-amz-security-token') !== credentials.sessionToken
  )
    return {
      kind: 'unknown-client',
      message: 'The security token included in the request is invalid.',
    };
  const signingDate = headerOf(request, 'x-amz-date');
  const signedAtMs = parseAmzDate(signingDate);
  const aheadMs = signedAtMs - nowMs;
  if (Number.isNaN(aheadMs) || aheadMs < -clockSkewMaxMs)
    return wrong(`Signature expired: ${signingDate}`);
  if (aheadMs > clockSkewMaxMs) return wrong(`Signature not yet current: ${signingDate}`);
  if (region !== vpc.region || service !== serviceName)
    return wrong(`Credential should be scoped to ${vpc.region} and ${serviceName}.`);
  const names = signedHeaders.split(';');
  for (const needed of ['host', 'x-amz-date', 'x-amz-security-token'])
    if (!names.includes(needed)) return wrong(`${needed} is not among the signed headers`);
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
      hostname: host,
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
  return wrong('The request signature we calculated does not match the signature you provided.');
};
