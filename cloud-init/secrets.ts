// Names of two secrets + role credentials -> their fields, which secret-files.ts takes apart.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
import {
  isClockFault,
  isExpired,
  isGarbage,
  isPassing,
  isThrottled,
  parseAnswer,
  type Answer,
  type SecretError,
} from './answer.ts';
import { describeResponse, sendRequests, type HttpRequest, type HttpResponse } from './curl.ts';
import { BootFailure, excerpt, type FailureClass } from './failure.ts';
import type { Host } from './hosts/host.ts';
import type { Credentials } from './imds.ts';
import { formatTries, retry, type Attempt, type RetryLimits } from './retry.ts';

const limits: RetryLimits = { deadlineMs: 60_000, triesMax: 10, delayMs: 500, delayMaxMs: 8000 };
const timeouts = { connectTimeoutMs: 5000, timeoutMs: 15_000 };

export interface SecretsSource {
  url: string;
  region: string;
  credentials: Credentials;
  /** Reads them again, when these have expired meanwhile. */
  renewCredentials: () => Credentials;
  authorityFile?: string;
}

/** Name of a secret -> its fields. */
export type SecretFields = Record<string, Readonly<Record<string, unknown>>>;

const deniedCodes =
  /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|Decryption|Token/;

const classOf = (code: string): FailureClass => {
  if (/ResourceNotFound/.test(code)) return 'secret-missing';
  return deniedCodes.test(code) ? 'secrets-denied' : 'secrets-unreachable';
};

const requestOf = (
  source: SecretsSource,
  { user, sessionToken }: Credentials,
  names: readonly string[],
): HttpRequest => ({
  url: `${source.url}/`,
  headers: {
    'Content-Type': 'application/x-amz-json-1.1',
    'X-Amz-Target': 'secretsmanager.BatchGetSecretValue',
    'X-Amz-Security-Token': sessionToken,
  },
  body: JSON.stringify({ SecretIdList: names }),
  signature: {
    user,
    region: source.region,
    service: 'secretsmanager',
  },
});

/** What was answered in place of secrets, in Secrets Manager's own words: they name a missing permission. */
const describeAnswer = (response: HttpResponse): string => {
  const { code, said } = parseAnswer(response.body);
  if (isGarbage(response)) return 'HTTP 200 with something else than secrets';
  const what = code === '' ? describeResponse(response) : code;
  return said === '' ? what : `${what}: ${excerpt(said)}`;
};

/** The error of a whole request. */
const requestFailure = (url: string, response: HttpResponse, tries: string): BootFailure => {
  const said =
    response.status === 0
      ? `no answer from ${url}: ${describeResponse(response)}`
      : `Secrets Manager answers ${describeAnswer(response)}`;
  if (!isClockFault(response))
    return new BootFailure(classOf(parseAnswer(response.body).code), `${said} (${tries})`);
  const date = new Date().toISOString().replace(/\.\d+/, '');
  const message = `the clock of this node is wrong, it says ${date}: ${said} (${tries})`;
  return new BootFailure('clock', `${message}; time sync sets it (timedatectl timesync-status)`);
};

const secretFailure = (errors: readonly SecretError[], tries: string): BootFailure => {
  const texts = errors.map(({ SecretId = '?', ErrorCode = 'no error code', Message = '' }) => {
    if (classOf(ErrorCode) === 'secret-missing')
      return `secret ${SecretId} not found (${ErrorCode}, ${tries})`;
    return `secret ${SecretId}: ${ErrorCode}${Message === '' ? '' : `: ${excerpt(Message)}`} (${tries})`;
  });
  return new BootFailure(classOf(errors[0]?.ErrorCode ?? ''), texts.join('; '));
};

const contentFailure = (name: string, reason: string): BootFailure =>
  new BootFailure('secret-content', `secret ${name} ${reason}`);

const fieldsOf = (answer: Answer, name: string): Readonly<Record<string, unknown>> => {
  const found = answer.SecretValues?.find((value) => value.Name === name);
  if (found === undefined)
    throw new BootFailure('secret-missing', `secret ${name} is not in the answer`);
  if (typeof found.SecretString !== 'string')
    throw contentFailure(name, 'has no text (is it binary?)');
  let parsed: unknown;
  try {
    parsed = JSON.parse(found.SecretString);
  } catch {
    throw contentFailure(name, 'is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw contentFailure(name, 'is not a JSON object');
  return parsed as Record<string, unknown>;
};

/** Reads both secrets with one request; retries only what may pass. */
export const readSecrets = (
  host: Host,
  source: SecretsSource,
  names: readonly string[],
): SecretFields => {
  const { authorityFile } = source;
  const options = { ...timeouts, ...(authorityFile === undefined ? {} : { authorityFile }) };
  let { credentials } = source;
  let tries = 0;
  let last: HttpResponse | undefined;
  const outcome = retry(host, limits, (): Attempt<HttpResponse> => {
    if (last !== undefined && isExpired(last)) credentials = source.renewCredentials();
    tries += 1;
    const request = requestOf(source, credentials, names);
    const [response] = sendRequests(host, [request], options) as [HttpResponse];
    last = response;
    if (!isPassing(response)) return { done: response };
    return { again: describeResponse(response), isThrottled: isThrottled(response) };
  });
  const hasGivenUp = 'gaveUp' in outcome;
  const response = hasGivenUp ? (last as unknown as HttpResponse) : outcome.done;
  const count = hasGivenUp ? formatTries(outcome) : tries === 1 ? '1 try' : `${tries} tries`;
  const answer = parseAnswer(response.body);
  if (answer.Errors !== undefined && answer.Errors.length > 0)
    throw secretFailure(answer.Errors, count);
  if (hasGivenUp || response.status !== 200) throw requestFailure(source.url, response, count);
  return Object.fromEntries(names.map((name) => [name, fieldsOf(answer, name)]));
};
