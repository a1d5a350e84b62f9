// Values of secrets -> Secrets Manager: made when absent, changed when different, else left alone.
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Secret } from '../../cloud-init/secret.ts';
import { Failure } from '../terminal/failure.ts';
import { isNotFound } from './aws.ts';

export type PutOutcome =
  | { kind: 'created' }
  | { kind: 'unchanged' }
  /** Names of the fields that are new, gone or different. */
  | { kind: 'changed'; fields: string[] };

const orNothing = async <Value>(work: Promise<Value>): Promise<Value | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

const parseFields = (text: string): Record<string, unknown> => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
};

const differences = (before: string, after: string): string[] => {
  const [old, fresh] = [parseFields(before), parseFields(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter(
    (field) => old[field] !== fresh[field],
  );
};

/** What became of one secret, or would become of it. */
export const putSecret = async (
  client: SecretsManagerClient,
  name: string,
  value: Secret,
  isDryRun: boolean,
): Promise<PutOutcome> => {
  const found = await orNothing(client.send(new DescribeSecretCommand({ SecretId: name })));
  if (found === undefined) {
    const input = {
      Name: name,
      Description: 'identity of a Kubernetes worker, put by groundup',
      SecretString: value.reveal(),
    };
    if (!isDryRun) await client.send(new CreateSecretCommand(input));
    return { kind: 'created' };
  }
  if (found.DeletedDate !== undefined)
    throw new Failure({
      step: 'aws',
      message: `secret ${name} is scheduled for deletion`,
      hint: `aws secretsmanager restore-secret --secret-id ${name}`,
    });
  // One that never got a value has no current version.
  const current = await orNothing(client.send(new GetSecretValueCommand({ SecretId: name })));
  const text = current?.SecretString ?? '';
  const fields = differences(text, value.reveal());
  if (fields.length === 0) return { kind: 'unchanged' };
  const input = { SecretId: name, SecretString: value.reveal() };
  if (!isDryRun) await client.send(new PutSecretValueCommand(input));
  return { kind: 'changed', fields };
};

/** E.g. `k8s/c/worker-0 would be created`. */
export const formatOutcome = (name: string, outcome: PutOutcome, isDryRun: boolean): string => {
  const would = isDryRun ? 'would be ' : '';
  if (outcome.kind === 'unchanged') return `${name} is as it should be`;
  if (outcome.kind === 'created') return `${name} ${would}created`;
  return `${name} ${would}given a new value: ${outcome.fields.join(', ')}`;
};
