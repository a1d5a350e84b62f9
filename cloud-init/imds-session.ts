// The instance metadata service, version 2 -> texts below /latest/, asked for with a session token.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
import { describeResponse, sendRequests, type HttpOptions, type HttpResponse } from './curl.ts';
import { BootFailure } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { formatTries, retry, type Attempt, type RetryLimits } from './retry.ts';
import { Secret } from './secret.ts';

export const imdsAddress = 'http://169.254.169.254';

/** Link-local: an answer takes milliseconds or does not come. */
const options: HttpOptions = { connectTimeoutMs: 2000, timeoutMs: 5000, isDirect: true };

/** The service itself may come a minute late: two are waited for, so that jitter does not matter. */
export const imdsLimits: RetryLimits = {
  deadlineMs: 120_000,
  triesMax: 60,
  delayMs: 250,
  delayMaxMs: 5000,
};

const tokenLifetimeSeconds = 300;

export interface Session {
  url: string;
  /** Replaced when the service does not take it any more. */
  token: Secret;
}

/** Answers that a later try may better: none at all, too many requests, the service's own trouble. */
const isPassing = ({ status }: HttpResponse): boolean =>
  status === 0 || status === 429 || status >= 500;

export const imdsFailure = (message: string) =>
  new BootFailure('imds', `instance metadata: ${message}`);

/** AWS's are Base64; anything else is a page of something that stands before the service. */
const tokenForm = /^[\w+/=-]{1,1024}$/;

/** Asks for a session token, which every other request must show. */
export const openSession = (host: Host, url: string): Session => {
  const request = {
    url: `${url}/latest/api/token`,
    method: 'PUT',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': String(tokenLifetimeSeconds) },
  } as const;
  const outcome = retry(host, imdsLimits, (): Attempt<HttpResponse> => {
    const [response] = sendRequests(host, [request], options) as [HttpResponse];
    if (isPassing(response)) return { again: describeResponse(response) };
    if (response.status !== 200 || tokenForm.test(response.body.trim())) return { done: response };
    return { again: 'what it answers is no token' };
  });
  if ('gaveUp' in outcome)
    throw imdsFailure(`no token from ${url}: ${outcome.gaveUp} (${formatTries(outcome)})`);
  const { status, body } = outcome.done;
  if (status === 403)
    throw imdsFailure(`${url} answers HTTP 403: it is switched off for this instance`);
  if (status !== 200) throw imdsFailure(`no token from ${url}: HTTP ${status}`);
  return { url, token: new Secret(body.trim()) };
};

/** Requests all paths below /latest/ until no answer may get better. */
const request = (host: Host, { url, token }: Session, paths: readonly string[]): HttpResponse[] => {
  const requests = paths.map((path) => ({
    url: `${url}/latest/${path}`,
    headers: { 'X-aws-ec2-metadata-token': token },
  }));
  const outcome = retry(host, imdsLimits, (): Attempt<HttpResponse[]> => {
    const responses = sendRequests(host, requests, options);
    const passing = responses.findIndex(isPassing);
    if (passing === -1) return { done: responses };
    return { again: `${paths[passing]}: ${describeResponse(responses[passing] as HttpResponse)}` };
  });
  if ('gaveUp' in outcome) throw imdsFailure(`${outcome.gaveUp} (${formatTries(outcome)})`);
  return outcome.done;
};

const isRefused = ({ status }: HttpResponse): boolean => status === 401;

/** Reads paths below /latest/ in one go. A path that does not exist is `undefined`. */
export const readMetadata = (
  host: Host,
  session: Session,
  paths: readonly string[],
): (string | undefined)[] => {
  let responses = request(host, session, paths);
  if (responses.some(isRefused)) {
    // A token may have expired during long waits; a new one that is refused, too, is another fault.
    session.token = openSession(host, session.url).token;
    responses = request(host, session, paths);
  }
  return responses.map(({ status, body }, index) => {
    if (status === 404) return undefined;
    if (status === 200) return body;
    const reason = status === 401 ? 'HTTP 401: a new token was refused, too' : `HTTP ${status}`;
    throw imdsFailure(`${paths[index]}: ${reason}`);
  });
};
