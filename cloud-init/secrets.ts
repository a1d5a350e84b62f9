// Names of two secrets + role credentials -> their fields, which secret-files.ts takes apart.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
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
  authorityFile?: string;
}

/** Name of a secret -> its fields. */
export type SecretFields = Record<string, Readonly<Record<string, unknown>>>;

interface Answer {
  SecretValues?: { Name?: string; SecretString?: string }[];
  Errors?: { SecretId?: string; ErrorCode?: string; Message?: string }[];
  __type?: string;
  Message?: string;
  message?: string;
}

const passingCodes = /Throttling|TooManyRequests|InternalService|ServiceUnavailable|RequestTimeout/;
const deniedCodes =
  /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|Decryption|Token/;

const classOf = (code: string): FailureClass => {
  if (/ResourceNotFound/.test(code)) return 'secret-missing';
  return deniedCodes.test(code) ? 'secrets-denied' : 'secrets-unreachable';
};

const parseAnswer = (body: string): Answer => {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
};

/** `com.amazonaws.x#AccessDeniedException` -> `AccessDeniedException` */
const codeOf = ({ __type = '' }: Answer): string => __type.replace(/^.*#/, '');

const requestOf = (source: SecretsSource, names: readonly string[]): HttpRequest => ({
  url: `${source.url}/`,
  headers: {
    'Content-Type': 'application/x-amz-json-1.1',
    'X-Amz-Target': 'secretsmanager.BatchGetSecretValue',
    'X-Amz-Security-Token': source.credentials.sessionToken,
  },
  body: JSON.stringify({ SecretIdList: names }),
  signature: {
    user: source.credentials.user,
    region: source.region,
    service: 'secretsmanager',
  },
});

/** The error of a whole request; Secrets Manager's own words name the missing permission. */
const requestFailure = (response: HttpResponse, tries: string): BootFailure => {
  const answer = parseAnswer(response.body);
  const code = codeOf(answer);
  const said = answer.Message ?? answer.message ?? '';
  const what = code === '' ? describeResponse(response) : code;
  const words = said === '' ? '' : `: ${excerpt(said)}`;
  return new BootFailure(classOf(code), `Secrets Manager answers ${what}${words} (${tries})`);
};

const secretFailure = (errors: NonNullable<Answer['Errors']>, tries: string): BootFailure => {
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
  let last: HttpResponse = { status: 0, body: '', error: '' };
  let tries = 0;
  const outcome = retry(host, limits, (): Attempt<HttpResponse> => {
    tries += 1;
    [last] = sendRequests(host, [requestOf(source, names)], options) as [HttpResponse];
    const code = codeOf(parseAnswer(last.body));
    const isPassing =
      last.status === 0 || last.status === 429 || last.status >= 500 || passingCodes.test(code);
    return isPassing ? { again: describeResponse(last) } : { done: last };
  });
  if ('gaveUp' in outcome) {
    if (last.status !== 0) throw requestFailure(last, formatTries(outcome));
    const message = `no answer from ${source.url}: ${outcome.gaveUp} (${formatTries(outcome)})`;
    throw new BootFailure('secrets-unreachable', message);
  }
  const count = tries === 1 ? '1 try' : `${tries} tries`;
  if (outcome.done.status !== 200) throw requestFailure(outcome.done, count);
  const answer = parseAnswer(outcome.done.body);
  if (answer.Errors !== undefined && answer.Errors.length > 0)
    throw secretFailure(answer.Errors, count);
  return Object.fromEntries(names.map((name) => [name, fieldsOf(answer, name)]));
};
