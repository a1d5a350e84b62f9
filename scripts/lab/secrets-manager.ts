// Secrets Manager over HTTPS, with AWS's own errors; every signature is checked. What it does: secrets-store.ts.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
import type { IncomingMessage, RequestListener } from 'node:http';
import { secretsManagerHost } from './addresses.ts';
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
import { checkSignature, headerOf, type SignatureFault } from './signature.ts';

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

const service = { name: 'secretsmanager', host: secretsManagerHost };

const codes: Record<SignatureFault['kind'], string> = {
  unsigned: 'MissingAuthenticationTokenException',
  'unknown-client': 'UnrecognizedClientException',
  wrong: 'InvalidSignatureException',
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

export const readBody = async (request: IncomingMessage): Promise<string> => {
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
      const fault = await checkSignature(request, body, credentials, nowMs(), service);
      if (fault !== undefined) return refuse(codes[fault.kind], fault.message);
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
