// A folder as the seed's home directory is -> its workers by their file names, and every text.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { deriveNames, type IdentityMethod, type NodeNames } from '../../cloud-init/derive.ts';
import { filesWith } from '../../cloud-init/files.ts';
import { keyTable } from '../../cloud-init/keys.ts';
import type { Settings } from '../../cloud-init/settings.ts';
import { Secret } from '../../cloud-init/secret.ts';
import { Failure } from '../terminal/failure.ts';

export interface SecretFolder {
  /** Names of workers, e.g. `worker-0`, in the order of their numbers. */
  workers: string[];
  /** There is what new nodes ask for their certificates with. */
  hasBootstrap: boolean;
  /** File name -> text, of those that belong into a secret. */
  texts: ReadonlyMap<string, Secret>;
  /** Names of what belongs into no secret; a folder's name ends with a slash. */
  ignored: string[];
  /** A name that may not be there, and why. */
  refused: { file: string; reason: string; hint: string }[];
}

/** Whoever has it can be every node and every administrator of the cluster. */
const authorityKeyFile = 'ca-key.pem';

export const namesOf = (
  name: string,
  settings: Settings,
  identity: IdentityMethod = 'files',
): NodeNames =>
  // The secrets are the same with every pod network.
  deriveNames({ name, podCidr: 'none', settings: { ...settings, identity } }, '');

/** Fields of one secret, which are the names of its files. */
export const fieldsOf = (secret: 'node' | 'shared', names: NodeNames): string[] =>
  filesWith(names).flatMap(({ source }) =>
    source.from === 'secret' && source.secret === secret ? [source.field(names)] : [],
  );

/** Endings of files are what stays of them without a worker. */
const noNames: NodeNames = {
  identity: 'files',
  podNetwork: 'none',
  workerName: '',
  nodeSecret: '',
  sharedSecret: '',
};

/** The worker that a file belongs to; the longest ending first, as `-key.pem` ends with `.pem`, too. */
const workerOf = (file: string, settings: Settings): string | undefined => {
  const prefix = `${settings.cluster}-`;
  const endings = fieldsOf('node', noNames);
  const ending = endings
    .toSorted((one, other) => other.length - one.length)
    .find((text) => file.endsWith(text));
  if (ending === undefined || !file.startsWith(prefix)) return undefined;
  const name = file.slice(prefix.length, -ending.length);
  return keyTable.name.accepts(name) ? name : undefined;
};

const readEntries = async (folder: string) => {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such folder',
      ENOTDIR: 'is no folder',
      EACCES: 'may not be read',
    };
    const reason = reasons[code ?? ''] ?? message;
    throw new Failure({ step: 'secrets', message: `${folder}: ${reason}`, cause: error });
  }
};

const readText = async (folder: string, file: string): Promise<Secret> => {
  try {
    return new Secret(await readFile(path.join(folder, file), 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EACCES' ? 'may not be read' : message;
    throw new Failure({ step: 'secrets', message: `${file}: ${reason}`, cause: error });
  }
};

/** Reads a folder; throws a Failure when it, or a file of a secret, can't be read. */
export const readSecretFolder = async (
  folder: string,
  settings: Settings,
): Promise<SecretFolder> => {
  const entries = await readEntries(folder);
  const shared = fieldsOf('shared', namesOf('x', settings));
  const bootstrap = fieldsOf('node', namesOf('x', settings, 'tls-bootstrap'));
  const workers = new Set<string>();
  const texts = new Map<string, Secret>();
  const ignored: string[] = [];
  const refused: SecretFolder['refused'] = [];
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const { name } = entry;
    const worker = workerOf(name, settings);
    if (entry.isDirectory()) ignored.push(`${name}/`);
    else if (name === authorityKeyFile)
      refused.push({
        file: name,
        reason: 'is the private key of the CA, which never belongs on a worker',
        hint: 'move it away: whoever has it can make itself administrator of the cluster',
      });
    else if (worker === 'shared' || worker === 'bootstrap')
      refused.push({
        file: name,
        reason: 'would be the secret that all workers share',
        hint: 'give this worker another name',
      });
    else if (worker === undefined && ![...shared, ...bootstrap].includes(name)) ignored.push(name);
    else {
      if (worker !== undefined) workers.add(worker);
      texts.set(name, await readText(folder, name));
    }
  }
  const byNumber = new Intl.Collator('en', { numeric: true }).compare;
  return {
    workers: [...workers].toSorted(byNumber),
    hasBootstrap: bootstrap.some((file) => texts.has(file)),
    texts,
    ignored,
    refused,
  };
};
