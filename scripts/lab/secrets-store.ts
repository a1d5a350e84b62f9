// A request to Secrets Manager -> its answer: the operations that nodes and `npm run secrets` use.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html
import { vpc } from './addresses.ts';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A worker's role may read values; an administrator's may do all. */
export type SecretsManagerRole = 'worker' | 'administrator';

interface SecretRecord {
  createdMs: number;
  changedMs: number;
  versionId: string;
}

export interface SecretStore {
  /** Secret name -> SecretString. */
  values: Map<string, string>;
  /** What is known of those that requests have changed. */
  records: Map<string, SecretRecord>;
  /** Secret name -> when it is to be gone. */
  deletedAtMs: Map<string, number>;
  startedMs: number;
}

export const createSecretStore = (values: Map<string, string>): SecretStore => ({
  values,
  records: new Map(),
  deletedAtMs: new Map(),
  startedMs: Date.now(),
});

const idsMax = 20;
const pageMax = 100;
const valueBytesMax = 65_536;

export const refuse = (type: string, message: string, status = 400): Answer => ({
  status,
  body: { __type: type, Message: message },
});

export const denyWorker = (operation: string): Answer =>
  refuse(
    'AccessDeniedException',
    'User: arn:aws:sts::000000000000:assumed-role/groundup-worker/i-0 is not authorized to perform: ' +
      `secretsmanager:${operation} because no identity-based policy allows the ` +
      `secretsmanager:${operation} action`,
  );

const notFound = () =>
  refuse('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");

const recoveryWindowMs = 30 * 86_400_000;

/** Of one that is to be deleted nothing but the description can be had. */
const refuseDeleted = ({ deletedAtMs }: SecretStore, name: string): Answer | undefined =>
  deletedAtMs.has(name)
    ? refuse(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      )
    : undefined;

const textAt = (input: Record<string, unknown>, key: string): string => {
  const value = input[key];
  return typeof value === 'string' ? value : '';
};

const arnOf = (name: string): string =>
  `arn:aws:secretsmanager:${vpc.region}:000000000000:secret:${name}-AbCdEf`;

const recordOf = ({ records, startedMs }: SecretStore, name: string): SecretRecord =>
  records.get(name) ?? {
    createdMs: startedMs,
    changedMs: startedMs,
    versionId: '00000000-0000-0000-0000-000000000001',
  };

/** Times are in seconds. */
const valueOf = (store: SecretStore, name: string, text: string): Record<string, unknown> => {
  const { changedMs, versionId } = recordOf(store, name);
  return {
    ARN: arnOf(name),
    Name: name,
    SecretString: text,
    VersionId: versionId,
    VersionStages: ['AWSCURRENT'],
    CreatedDate: changedMs / 1000,
  };
};

const describe = (store: SecretStore, name: string): Record<string, unknown> => {
  const { createdMs, changedMs, versionId } = recordOf(store, name);
  const deletedAtMs = store.deletedAtMs.get(name);
  return {
    ARN: arnOf(name),
    Name: name,
    CreatedDate: createdMs / 1000,
    LastChangedDate: changedMs / 1000,
    ...(deletedAtMs === undefined ? {} : { DeletedDate: deletedAtMs / 1000 }),
    VersionIdsToStages: { [versionId]: ['AWSCURRENT'] },
  };
};

const batchGet = (store: SecretStore, input: Record<string, unknown>): Answer => {
  const ids = input['SecretIdList'];
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > idsMax)
    return refuse('InvalidParameterException', `SecretIdList must have 1 to ${idsMax} members`);
  const values: Record<string, unknown>[] = [];
  const errors: Record<string, unknown>[] = [];
  for (const id of ids.map(String)) {
    const text = store.values.get(id);
    const { __type, Message } = (refuseDeleted(store, id) ?? notFound()).body;
    if (text === undefined || store.deletedAtMs.has(id))
      errors.push({ SecretId: id, ErrorCode: __type, Message });
    else values.push(valueOf(store, id, text));
  }
  return { status: 200, body: { SecretValues: values, Errors: errors } };
};

const getOne = (store: SecretStore, input: Record<string, unknown>): Answer => {
  const id = textAt(input, 'SecretId');
  const text = store.values.get(id);
  if (text === undefined) return notFound();
  return refuseDeleted(store, id) ?? { status: 200, body: valueOf(store, id, text) };
};

const describeOne = (store: SecretStore, input: Record<string, unknown>): Answer => {
  const id = textAt(input, 'SecretId');
  return store.values.has(id) ? { status: 200, body: describe(store, id) } : notFound();
};

const put = (store: SecretStore, name: string, input: Record<string, unknown>): Answer => {
  const text = textAt(input, 'SecretString');
  const versionId = textAt(input, 'ClientRequestToken');
  if (versionId.length < 32 || versionId.length > 64)
    return refuse('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.');
  if (text === '' || Buffer.byteLength(text) > valueBytesMax)
    return refuse(
      'ValidationException',
      `SecretString must have length between 1 and ${valueBytesMax}`,
    );
  const nowMs = Date.now();
  const createdMs = store.values.has(name) ? recordOf(store, name).createdMs : nowMs;
  store.values.set(name, text);
  store.records.set(name, { createdMs, changedMs: nowMs, versionId });
  return { status: 200, body: { ARN: arnOf(name), Name: name, VersionId: versionId } };
};

const create = (store: SecretStore, input: Record<string, unknown>): Answer => {
  const name = textAt(input, 'Name');
  if (!/^[\w/+=.@-]{1,512}$/.test(name))
    return refuse(
      'ValidationException',
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the ' +
        'following: -/_+=.@!',
    );
  if (store.values.has(name))
    return refuse(
      'ResourceExistsException',
      `The operation failed because the secret ${name} already exists.`,
    );
  return put(store, name, input);
};

const putValue = (store: SecretStore, input: Record<string, unknown>): Answer => {
  const name = textAt(input, 'SecretId');
  return store.values.has(name)
    ? (refuseDeleted(store, name) ?? put(store, name, input))
    : notFound();
};

const deleteOne = (store: SecretStore, input: Record<string, unknown>): Answer => {
  const name = textAt(input, 'SecretId');
  if (!store.values.has(name)) return notFound();
  const deletedAtMs = Date.now() + recoveryWindowMs;
  store.deletedAtMs.set(name, deletedAtMs);
  const body = { ARN: arnOf(name), Name: name, DeletionDate: deletedAtMs / 1000 };
  return { status: 200, body };
};

interface Filter {
  Key?: string;
  Values?: string[];
}

/** Names by their beginnings, a page at a time; the token is where the next one starts. */
const list = (store: SecretStore, input: Record<string, unknown>): Answer => {
  const filters = (input['Filters'] ?? []) as Filter[];
  if (filters.some(({ Key }) => Key !== 'name'))
    return refuse('InvalidParameterException', 'this emulator filters by name only');
  const prefixes = filters.flatMap(({ Values = [] }) => Values);
  const names = [...store.values.keys()]
    .filter((name) => !store.deletedAtMs.has(name))
    .filter((name) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)))
    .toSorted();
  const size = Math.min(Number(input['MaxResults'] ?? pageMax), pageMax);
  const start = Number(textAt(input, 'NextToken') || 0);
  const end = start + size;
  return {
    status: 200,
    body: {
      SecretList: names.slice(start, end).map((name) => describe(store, name)),
      ...(end < names.length ? { NextToken: String(end) } : {}),
    },
  };
};

interface Operation {
  run: (store: SecretStore, input: Record<string, unknown>) => Answer;
  isForWorkers: boolean;
}

export const operations: Record<string, Operation> = {
  BatchGetSecretValue: { run: batchGet, isForWorkers: true },
  GetSecretValue: { run: getOne, isForWorkers: true },
  DescribeSecret: { run: describeOne, isForWorkers: false },
  CreateSecret: { run: create, isForWorkers: false },
  PutSecretValue: { run: putValue, isForWorkers: false },
  DeleteSecret: { run: deleteOne, isForWorkers: false },
  ListSecrets: { run: list, isForWorkers: false },
};
