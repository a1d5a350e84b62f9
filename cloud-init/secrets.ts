// Secrets Manager -> the seed's files, by one BatchGetSecretValue signed with SigV4.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
import { sendRequests } from './curl.ts';
import { BootFailure } from './failure.ts';
import type { Host } from './host.ts';
import type { RoleCredentials } from './imds.ts';
import { withRetries, type RetryLimits, type Try } from './retry.ts';
import { Secret } from './secret.ts';

export interface SecretsRequest {
  endpoint: string;
  region: string;
  /** PEM file of further authorities, when the machine has one. */
  authorityFile: string | undefined;
  credentials: RoleCredentials;
  /** Names of the secrets wanted. */
  ids: readonly string[];
}

/** Secret name -> key of its JSON -> value. */
export type SecretFiles = Record<string, Record<string, Secret>>;

const requestTimeoutMs = 10_000;
const limits: RetryLimits = {
  deadlineMs: 120_000,
  triesMax: 12,
  firstDelayMs: 500,
  delayMaxMs: 8000,
};

/** Answers that pass: throttling, and faults of the service. */
const temporaryErrors = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'InternalServiceError',
  'ServiceUnavailableException',
  'RequestTimeoutException',
]);

interface BatchAnswer {
  SecretValues?: { Name?: string; SecretString?: string }[];
  Errors?: { SecretId?: string; ErrorCode?: string }[];
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `com.amazonaws…#AccessDeniedException` -> `AccessDeniedException`. */
const errorName = (body: string): string => {
  const answer = parseJson(body) as { __type?: unknown } | undefined;
  const type = answer?.__type;
  return typeof type === 'string' ? (type.split('#').at(-1) ?? '') : '';
};

const attempt = (host: Host, request: SecretsRequest): Try<BatchAnswer> => {
  const { accessKeyId, secretAccessKey, sessionToken } = request.credentials;
  const sent = sendRequests(
    host,
    [
      {
        url: `${request.endpoint}/`,
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-amz-json-1.1',
          'X-Amz-Target': 'secretsmanager.BatchGetSecretValue',
          'X-Amz-Security-Token': sessionToken.reveal(),
        },
        body: JSON.stringify({ SecretIdList: request.ids }),
        options: {
          'aws-sigv4': `aws:amz:${request.region}:secretsmanager`,
          user: `${accessKeyId.reveal()}:${secretAccessKey.reveal()}`,
          ...(request.authorityFile === undefined ? {} : { cacert: request.authorityFile }),
        },
      },
    ],
    requestTimeoutMs,
  );
  if ('error' in sent) return { retry: `Secrets Manager: ${sent.error}` };
  const { status, body } = sent.responses[0] ?? { status: 0, body: '' };
  const name = errorName(body);
  if (status === 200) {
    const answer = parseJson(body) as BatchAnswer | undefined;
    return answer === undefined
      ? { retry: 'Secrets Manager answered 200 without JSON' }
      : { value: answer };
  }
  const text = `Secrets Manager refused BatchGetSecretValue (${name || `HTTP ${status}`}`;
  return status >= 500 || temporaryErrors.has(name) ? { retry: text } : { fatal: text };
};

const countTries = (tries: number): string => (tries === 1 ? '1 try' : `${tries} tries`);

const readFiles = (id: string, text: string | undefined): Record<string, Secret> => {
  const value = parseJson(text ?? '');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BootFailure('secrets', `secret ${id} is not a JSON object of file names`);
  const files: Record<string, Secret> = {};
  for (const [name, content] of Object.entries(value))
    if (typeof content === 'string') files[name] = new Secret(content);
  return files;
};

/** All secrets or a failure that names the first one missing. */
export const readSecrets = (host: Host, request: SecretsRequest): SecretFiles => {
  const result = withRetries(host, limits, () => attempt(host, request));
  if ('failed' in result) {
    const tries = countTries(result.tries);
    const open = result.failed.includes('(') && !result.failed.includes(')');
    throw new BootFailure(
      'secrets',
      open ? `${result.failed}, ${tries})` : `${result.failed} (${tries})`,
    );
  }
  const { SecretValues = [], Errors = [] } = result.value;
  const secrets: SecretFiles = {};
  for (const id of request.ids) {
    const found = SecretValues.find(({ Name }) => Name === id);
    if (found === undefined) {
      const code = Errors.find(({ SecretId }) => SecretId === id)?.ErrorCode;
      const reason = code === 'AccessDeniedException' ? 'may not be read' : 'not found';
      throw new BootFailure(
        'secrets',
        `secret ${id} ${reason} (${code ?? 'not in the answer'}, ${countTries(result.tries)})`,
      );
    }
    secrets[id] = readFiles(id, found.SecretString);
  }
  return secrets;
};
