// Requests to Secrets Manager; what goes wrong becomes one line with its remedy.
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { excerpt } from '../../cloud-init/failure.ts';
import { Failure } from '../terminal/failure.ts';

const step = 'aws';

/** Region and credentials are found as in every tool of AWS. */
export const createClient = (endpoint: string | undefined): SecretsManagerClient =>
  new SecretsManagerClient({ maxAttempts: 3, ...(endpoint === undefined ? {} : { endpoint }) });

interface Remedy {
  /** Matches `<name of the error>: <its message>`. */
  error: RegExp;
  message?: string;
  hint: string;
}

/** The first that matches counts. docs/identity.md tells of them. */
export const remedies: readonly Remedy[] = [
  {
    error: /Region is missing|region=""/,
    message: 'no region is set',
    hint: 'AWS_REGION=eu-central-1, or region in ~/.aws/config',
  },
  {
    error: /^CredentialsProviderError|^TokenProviderError/,
    message: 'no credentials were found',
    hint: 'aws sso login, AWS_PROFILE=…, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  },
  {
    error: /^AccessDenied/,
    hint: 'docs/identity.md says what the role of this command needs',
  },
  {
    error: /^ExpiredToken/,
    hint: 'the credentials have expired: sign in again, e.g. aws sso login',
  },
  {
    error: /^InvalidSignature/,
    hint: 'is the secret key right, and the clock of this machine?',
  },
  {
    error: /^UnrecognizedClient|^InvalidClientTokenId|^MissingAuthenticationToken/,
    hint: 'AWS does not know these credentials: is the profile that of the right account?',
  },
  {
    error: /^InvalidRequest.*(?:deleted|deletion)/,
    hint: 'aws secretsmanager restore-secret --secret-id NAME takes it back',
  },
  { error: /^Decryption|^Encryption/, hint: 'the role needs kms:GenerateDataKey and kms:Decrypt' },
  {
    error: /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|TimeoutError/,
    hint: 'is the region right, and is there a way to it (proxy, VPC endpoint)?',
  },
];

export const isNotFound = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ResourceNotFoundException';

/** Messages of AWS name users, actions and resources; none repeats a value. */
const failureOf = (error: Error): Failure => {
  const { name, message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const whole = `${name}: ${code} ${message}`;
  const remedy = remedies.find(({ error: pattern }) => pattern.test(whole));
  const said = excerpt(message) || code;
  return new Failure({
    step,
    message: remedy?.message ?? `${name}: ${said}`,
    ...(remedy === undefined ? {} : { hint: remedy.hint }),
    cause: error,
  });
};

/** Runs requests; whatever they throw becomes a Failure. */
export const withAws = async <Value>(work: () => Promise<Value>): Promise<Value> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error;
    throw failureOf(error);
  }
};
