// The text of a kubeconfig -> server and credentials of its current context, or what is wrong with it.
import { load } from 'js-yaml';
import { decodeBase64 } from './base64.ts';
import { Secret } from './secret.ts';

/** Either the PEM text itself or the path of a file that has it. */
export type PemSource = { text: Secret } | { path: string };

export interface Kubeconfig {
  server: string;
  authority: PemSource;
  certificate?: PemSource;
  privateKey?: PemSource;
  token?: Secret;
}

/** What can be wrong with one; docs/identity.md shows them. */
export const kubeconfigFaults = {
  empty: 'is empty',
  notYaml: 'is not YAML',
  notConfig: 'is not of kind Config',
  noContext: 'has no context of the name in current-context',
  noServer: 'has no https server',
  noAuthority: 'has no certificate-authority that can be read',
  insecure: 'has insecure-skip-tls-verify beside its certificate-authority',
  noCredentials: 'has neither a client certificate with its key nor a token',
} as const;

type Named = Record<string, unknown>;

const isNamed = (value: unknown): value is Named => typeof value === 'object' && value !== null;

const textAt = (value: unknown, key: string): string | undefined => {
  const found = isNamed(value) ? value[key] : undefined;
  return typeof found === 'string' && found !== '' ? found : undefined;
};

/** The entry of a list of `{name, <kind>: …}` by its name. */
const entryOf = (list: unknown, name: string | undefined, kind: string): unknown => {
  if (!Array.isArray(list)) return undefined;
  const found = (list as unknown[]).find((entry) => textAt(entry, 'name') === name);
  return isNamed(found) ? found[kind] : undefined;
};

const pemOf = (holder: unknown, key: string): PemSource | undefined => {
  const data = textAt(holder, `${key}-data`);
  // Kubernetes' clients do not fall back to the path when the text can't be read.
  if (data !== undefined) {
    const decoded = decodeBase64(data);
    return decoded === undefined ? undefined : { text: new Secret(decoded) };
  }
  const path = textAt(holder, key);
  return path === undefined ? undefined : { path };
};

/**
 * Most of a kubeconfig is base64, and the parser looks at each letter several times, which is slow in
 * QuickJS. What begins with a letter and is so long can only be text; its
 * number stands for it, between letters of Unicode's private area.
 */
const parseWithoutBase64 = (text: string): unknown => {
  const taken: string[] = [];
  const shortened = text.replaceAll(/(?<![\w+/])[A-Za-z][A-Za-z0-9+/]{99,}={0,2}/g, (base64) => {
    taken.push(base64);
    return `\uE000${taken.length - 1}\uE001`;
  });
  const restore = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.replaceAll(
        /\uE000(\d+)\uE001/g,
        (word, index: string) => taken[Number(index)] ?? word,
      );
    if (Array.isArray(value)) return value.map(restore);
    if (!isNamed(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, restore(inner)]));
  };
  return restore(load(shortened));
};

/** Parses a kubeconfig; a string says what is wrong, without a word of the content. */
export const parseKubeconfig = (text: string): Kubeconfig | string => {
  if (text.trim() === '') return kubeconfigFaults.empty;
  let document: unknown;
  try {
    document = parseWithoutBase64(text);
  } catch {
    return kubeconfigFaults.notYaml;
  }
  if (!isNamed(document) || document['kind'] !== 'Config') return kubeconfigFaults.notConfig;
  const context = entryOf(document['contexts'], textAt(document, 'current-context'), 'context');
  if (context === undefined) return kubeconfigFaults.noContext;
  const cluster = entryOf(document['clusters'], textAt(context, 'cluster'), 'cluster');
  const user = entryOf(document['users'], textAt(context, 'user'), 'user');
  const server = textAt(cluster, 'server');
  // An empty address is what a variable that was not set leaves behind.
  if (server === undefined || !/^https:\/\/[^/:]+/.test(server)) return kubeconfigFaults.noServer;
  const authority = pemOf(cluster, 'certificate-authority');
  // Kubernetes' clients would take the system's authorities, which know no API server of one's own.
  if (authority === undefined) return kubeconfigFaults.noAuthority;
  // They refuse to start with both.
  if (isNamed(cluster) && cluster['insecure-skip-tls-verify'] === true)
    return kubeconfigFaults.insecure;
  const certificate = pemOf(user, 'client-certificate');
  const privateKey = pemOf(user, 'client-key');
  const token = textAt(user, 'token');
  if (token === undefined && (certificate === undefined || privateKey === undefined))
    return kubeconfigFaults.noCredentials;
  return {
    server: server.replace(/\/+$/, ''),
    authority,
    ...(certificate === undefined ? {} : { certificate }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(token === undefined ? {} : { token: new Secret(token) }),
  };
};
