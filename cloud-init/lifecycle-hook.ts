// A hook of the autoscaling group + how the boot went -> CONTINUE or ABANDON, sent to the group.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
import { describeResponse, sendRequests, type HttpRequest, type HttpResponse } from './curl.ts';
import { excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { openSession } from './imds-session.ts';
import { readCredentials, type Credentials, type InstanceFacts } from './imds.ts';
import { formatTries, retry, type Attempt, type RetryLimits } from './retry.ts';

export type LifecycleResult = 'CONTINUE' | 'ABANDON';

/** What a later command of the same boot needs to answer; nothing of it is secret. */
export interface LifecycleHook {
  group: string;
  hook: string;
  instanceId: string;
  region: string;
  /** Of the service, without a slash at the end. */
  url: string;
  imdsUrl: string;
  mac: string;
  roleName?: string;
  authorityFile?: string;
}

/** `<group>:<hook>`, whose form the caller has checked. */
export const lifecycleHookOf = (
  text: string,
  facts: InstanceFacts,
  place: Pick<LifecycleHook, 'imdsUrl'> & { url?: string; authorityFile?: string },
): LifecycleHook => {
  const [group = '', hook = ''] = text.split(':');
  const { instanceId, region, domain, mac, roleName } = facts;
  const { imdsUrl, url = `https://autoscaling.${region}.${domain}`, authorityFile } = place;
  return {
    ...{ group, hook, instanceId, region, url, imdsUrl, mac },
    ...(roleName === undefined ? {} : { roleName }),
    ...(authorityFile === undefined ? {} : { authorityFile }),
  };
};

/** On a file system in memory: `ready` and `warm` of the same boot answer to the hook. */
export const lifecycleHookPath = '/run/groundup/lifecycle-hook.json';

export const writeLifecycleHook = (host: Host, hook: LifecycleHook): void => {
  host.remove(lifecycleHookPath);
  host.createFile(lifecycleHookPath, `${JSON.stringify(hook)}\n`, 0o600);
};

/** Of this boot; undefined without a hook. */
export const readLifecycleHook = (host: Pick<Host, 'readFile'>): LifecycleHook | undefined => {
  const text = host.readFile(lifecycleHookPath);
  return text === undefined ? undefined : (JSON.parse(text) as LifecycleHook);
};

/** A hook waits for minutes at least; a failed boot, too, is to end soon. */
const limits: RetryLimits = { deadlineMs: 30_000, triesMax: 6, delayMs: 500, delayMaxMs: 8000 };
const timeouts = { connectTimeoutMs: 5000, timeoutMs: 10_000 };

const requestOf = (
  hook: LifecycleHook,
  { user, sessionToken }: Credentials,
  result: LifecycleResult,
): HttpRequest => {
  const parameters = {
    Action: 'CompleteLifecycleAction',
    Version: '2011-01-01',
    AutoScalingGroupName: hook.group,
    LifecycleHookName: hook.hook,
    InstanceId: hook.instanceId,
    LifecycleActionResult: result,
  };
  return {
    url: `${hook.url}/`,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
      'X-Amz-Security-Token': sessionToken,
    },
    body: Object.entries(parameters)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&'),
    signature: { user, region: hook.region, service: 'autoscaling' },
  };
};

const partOf = (body: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? '';

const passingCodes = /Throttling|ResourceContention|InternalFailure|ServiceUnavailable/;

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html */
const isPassing = ({ status, body }: HttpResponse): boolean =>
  status === 0 || status === 429 || status >= 500 || passingCodes.test(partOf(body, 'Code'));

/** No hook of that name waits: the instance has rebooted, or the answer was given already. */
const isNotWaiting = ({ body }: HttpResponse): boolean =>
  partOf(body, 'Code') === 'ValidationError' &&
  partOf(body, 'Message').startsWith('No active Lifecycle Action');

const describeAnswer = (response: HttpResponse): string => {
  const [code, said] = [partOf(response.body, 'Code'), partOf(response.body, 'Message')];
  if (code === '') return describeResponse(response);
  return said === '' ? code : `${code}: ${excerpt(said)}`;
};

export type Completion = 'sent' | 'not-waiting' | { problem: string };

const send = (host: Host, hook: LifecycleHook, result: LifecycleResult): Completion => {
  const session = openSession(host, hook.imdsUrl);
  const { authorityFile } = hook;
  const options = { ...timeouts, ...(authorityFile === undefined ? {} : { authorityFile }) };
  const outcome = retry(host, limits, (): Attempt<HttpResponse> => {
    const { credentials } = readCredentials(host, session, hook);
    const request = requestOf(hook, credentials, result);
    const [response] = sendRequests(host, [request], options) as [HttpResponse];
    return isPassing(response) ? { again: describeAnswer(response) } : { done: response };
  });
  if ('gaveUp' in outcome) return { problem: `${outcome.gaveUp} (${formatTries(outcome)})` };
  const { done: response } = outcome;
  if (response.status === 200 && response.body.includes('CompleteLifecycleActionResponse'))
    return 'sent';
  return isNotWaiting(response) ? 'not-waiting' : { problem: describeAnswer(response) };
};

/** Answers to the hook; never throws, for what is told here has been decided before. */
export const completeLifecycleAction = (
  host: Host,
  hook: LifecycleHook,
  result: LifecycleResult,
): Completion => {
  try {
    return send(host, hook, result);
  } catch (error) {
    return { problem: excerpt((error as Error).message) };
  }
};

/** `ABANDON sent`, for the end of a line. */
export const formatCompletion = (result: LifecycleResult, completion: Completion): string => {
  if (completion === 'sent') return `${result} sent`;
  if (completion === 'not-waiting') return `no hook waits for ${result}`;
  return `${result} not sent: ${completion.problem}`;
};
