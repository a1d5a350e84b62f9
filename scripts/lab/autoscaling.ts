// Autoscaling groups as their instances see them: CompleteLifecycleAction, with AWS's own errors.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { autoscalingHost } from './addresses.ts';
import type { Credentials } from './imds.ts';
import { readBody } from './secrets-manager.ts';
import { checkSignature, type SignatureFault } from './signature.ts';

/** A hook that waits for an instance's answer. */
export interface WaitingHook {
  group: string;
  hook: string;
}

export interface LifecycleAction extends WaitingHook {
  instanceId: string;
  result: string;
}

export interface AutoscalingOptions {
  credentials: Credentials;
  /** By instance id; an answer takes it away. */
  waiting: Map<string, WaitingHook>;
  onAction: (action: LifecycleAction) => void;
  /** In place of what the service would do. */
  intercept?: () => { status: number; code: string; message: string } | undefined;
}

interface Answer {
  status: number;
  body: string;
}

const namespace = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const refuse = (status: number, code: string, message: string): Answer => ({
  status,
  body: `<ErrorResponse xmlns="${namespace}">
  <Error>
    <Type>${status < 500 ? 'Sender' : 'Receiver'}</Type>
    <Code>${code}</Code>
    <Message>${escaped(message)}</Message>
  </Error>
  <RequestId>${randomUUID()}</RequestId>
</ErrorResponse>
`,
});

const service = { name: 'autoscaling', host: autoscalingHost };

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html */
const codes: Record<SignatureFault['kind'], string> = {
  unsigned: 'MissingAuthenticationToken',
  'unknown-client': 'InvalidClientTokenId',
  wrong: 'SignatureDoesNotMatch',
};

const complete = (parameters: URLSearchParams, options: AutoscalingOptions): Answer => {
  const needed = ['AutoScalingGroupName', 'LifecycleHookName', 'LifecycleActionResult'];
  const absent = needed.find((name) => (parameters.get(name) ?? '') === '');
  if (absent !== undefined)
    return refuse(
      400,
      'ValidationError',
      `1 validation error detected: ${absent} must not be null`,
    );
  const [group = '', hook = '', result = ''] = needed.map((name) => parameters.get(name) ?? '');
  const instanceId = parameters.get('InstanceId') ?? '';
  const waiting = options.waiting.get(instanceId);
  if (waiting?.group !== group || waiting.hook !== hook)
    return refuse(
      400,
      'ValidationError',
      `No active Lifecycle Action found with instance ID ${instanceId}`,
    );
  if (result !== 'CONTINUE' && result !== 'ABANDON')
    return refuse(400, 'ValidationError', `Invalid lifecycle action result ${result}`);
  options.waiting.delete(instanceId);
  options.onAction({ instanceId, group, hook, result });
  return {
    status: 200,
    body: `<CompleteLifecycleActionResponse xmlns="${namespace}">
  <CompleteLifecycleActionResult/>
  <ResponseMetadata>
    <RequestId>${randomUUID()}</RequestId>
  </ResponseMetadata>
</CompleteLifecycleActionResponse>
`,
  };
};

/** Handles one request; for node:https's createServer. */
export const autoscalingListener = (options: AutoscalingOptions): RequestListener => {
  const handle = async (request: Parameters<RequestListener>[0]): Promise<Answer> => {
    const body = await readBody(request);
    const fault = await checkSignature(request, body, options.credentials, Date.now(), service);
    if (fault !== undefined) return refuse(403, codes[fault.kind], fault.message);
    const special = options.intercept?.();
    if (special !== undefined) return refuse(special.status, special.code, special.message);
    const parameters = new URLSearchParams(body);
    const action = parameters.get('Action') ?? '';
    if (action === 'CompleteLifecycleAction') return complete(parameters, options);
    return refuse(
      403,
      'AccessDenied',
      'User: arn:aws:sts::000000000000:assumed-role/groundup-worker/i-0 is not authorized to perform: ' +
        `autoscaling:${action} because no identity-based policy allows the autoscaling:${action} action`,
    );
  };
  return (request, response) => {
    handle(request)
      .catch((error: Error) => refuse(500, 'InternalFailure', error.message))
      .then(({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'text/xml' });
        response.end(body);
      })
      .catch(() => response.destroy());
  };
};
