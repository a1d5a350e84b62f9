// Secrets below a prefix -> a line each: when it was changed, and how long its certificate is valid.
import {
  BatchGetSecretValueCommand,
  paginateListSecrets,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { daysUntil } from '../../cloud-init/identity-report.ts';
import type { NodeNames } from '../../cloud-init/derive.ts';
import { fileTable } from '../../cloud-init/files.ts';
import { readCertificates } from '../../cloud-init/x509.ts';
import { formatDays, formatDaysLeft } from './check.ts';

export interface ListedSecret {
  name: string;
  changedMs?: number;
  /** When the certificate in it expires: the worker's, or the CA's of what is shared. */
  expiresMs?: number;
}

/** The most that one request may ask for. */
const idsMax = 20;

const expiryOf = (name: string, text: string): number | undefined => {
  const [cluster = '', part = ''] = name.split('/').slice(-2);
  const workerName = `${cluster}-${part}`;
  const names: NodeNames = {
    identity: 'files',
    podNetwork: 'none',
    workerName,
    nodeSecret: '',
    sharedSecret: '',
  };
  const role = part === 'shared' ? 'authority' : 'certificate';
  const row = fileTable.find(({ source }) => source.from === 'secret' && source.role === role);
  if (row?.source.from !== 'secret') return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  const pem = (fields as Record<string, unknown> | null)?.[row.source.field(names)];
  return typeof pem === 'string' ? readCertificates(pem)?.[0].notAfterMs : undefined;
};

const readExpiries = async (
  client: SecretsManagerClient,
  names: readonly string[],
): Promise<Map<string, number>> => {
  const expiries = new Map<string, number>();
  for (let start = 0; start < names.length; start += idsMax) {
    const ids = names.slice(start, start + idsMax);
    const answer = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ids }));
    for (const { Name = '', SecretString = '' } of answer.SecretValues ?? []) {
      const expiresMs = expiryOf(Name, SecretString);
      if (expiresMs !== undefined) expiries.set(Name, expiresMs);
    }
  }
  return expiries;
};

/** Every secret of every cluster below the prefix, in the order of the names. */
export const listSecrets = async (
  client: SecretsManagerClient,
  prefix: string,
): Promise<ListedSecret[]> => {
  const found: ListedSecret[] = [];
  const filters = [{ Key: 'name' as const, Values: [`${prefix}/`] }];
  for await (const page of paginateListSecrets({ client }, { Filters: filters }))
    for (const { Name: name = '', LastChangedDate, CreatedDate } of page.SecretList ?? []) {
      const changedMs = (LastChangedDate ?? CreatedDate)?.getTime();
      // The service's filter looks at words, too.
      if (name.startsWith(`${prefix}/`))
        found.push({ name, ...(changedMs === undefined ? {} : { changedMs }) });
    }
  const expiries = await readExpiries(
    client,
    found.map(({ name }) => name),
  );
  const byNumber = new Intl.Collator('en', { numeric: true }).compare;
  return found
    .map((secret) => {
      const expiresMs = expiries.get(secret.name);
      return expiresMs === undefined ? secret : { ...secret, expiresMs };
    })
    .toSorted((one, other) => byNumber(one.name, other.name));
};

const formatAge = (changedMs: number | undefined, nowMs: number): string => {
  if (changedMs === undefined) return 'never changed';
  const days = Math.max(0, daysUntil(nowMs, changedMs));
  return days === 0 ? 'changed today' : `changed ${formatDays(days)} ago`;
};

export const formatList = (secrets: readonly ListedSecret[], nowMs: number): string => {
  const width = Math.max(...secrets.map(({ name }) => name.length));
  return secrets
    .map(({ name, changedMs, expiresMs }) => {
      const what = name.endsWith('/shared') ? 'CA' : 'certificate';
      const validity =
        expiresMs === undefined ? `no ${what}` : `${what} ${formatDaysLeft(expiresMs, nowMs)}`;
      return `${name.padEnd(width)}  ${formatAge(changedMs, nowMs).padEnd(20)}  ${validity}`;
    })
    .join('\n');
};
