// The node's own credentials -> a watch at the API server: one curl, each change a line.
import { formatOptions } from './curl.ts';
import type { Host, RunResult } from './hosts/host.ts';
import type { Kubeconfig, PemSource } from './kubeconfig.ts';
import { readPem } from './pem.ts';
import { Secret } from './secret.ts';

/** On a file system in memory, made by groundup.service. */
const runFolder = '/run/groundup';
/** Of a connection with its handshake; curl has read the files when it is over. */
const connectSeconds = 5;

const kubeletConfigPath = '/var/lib/kubelet/kubelet-config.yaml';

/** The kubelet's own file where that has the same key: then there is no copy of it, not even for a moment. */
const findKey = (host: Host, source: PemSource): PemSource => {
  if ('path' in source) return source;
  const config = host.readFile(kubeletConfigPath) ?? '';
  const path = /^tlsPrivateKeyFile: "(\/[^"]+)"$/m.exec(config)?.[1];
  const wanted = readPem(source.text.reveal())[0]?.bytes;
  if (path === undefined || wanted === undefined) return source;
  return readPem(host.readFile(path) ?? '')[0]?.bytes === wanted ? { path } : source;
};

/** curl reads certificates from files only: embedded ones are put into memory. */
const asFile = (host: Host, name: string, source: PemSource, made: string[]): string => {
  if ('path' in source) return host.place(source.path);
  const path = `${runFolder}/${name}`;
  host.remove(path);
  host.createFile(path, source.text.reveal(), 0o600);
  made.push(path);
  return host.place(path);
};

export interface Watch {
  /** Of the list, e.g. `/api/v1/nodes`. */
  path: string;
  /** Which of the list's objects, e.g. `metadata.name=a`. */
  fieldSelector: string;
  /** How long the API server keeps it open. */
  seconds: number;
  /** Gets each change as a line of JSON; `true` ends the watch. */
  onLine: (line: string) => boolean;
  onPause: () => void;
  pauseMsMax?: number;
  timeoutMs: number;
}

type Options = [name: string, value?: string][];

const credentialOptions = (host: Host, kubeconfig: Kubeconfig, made: string[]): Options => {
  const { authority, certificate, privateKey, token } = kubeconfig;
  const file = (option: string, name: string, source?: PemSource): Options =>
    source === undefined ? [] : [[option, asFile(host, name, source, made)]];
  const key = privateKey === undefined ? undefined : findKey(host, privateKey);
  return [
    ...file('cacert', 'ready-ca.pem', authority),
    ...file('cert', 'ready-client.pem', certificate),
    ...file('key', 'ready-client-key.pem', key),
    ...(token === undefined
      ? []
      : [['header', `Authorization: Bearer ${token.reveal()}`] as [string, string]]),
  ];
};

/** A function that watches. What it has to put into memory is gone once the API server was reached. */
export const watchWith =
  (host: Host, kubeconfig: Kubeconfig) =>
  ({ path, fieldSelector, seconds, onLine, onPause, ...waiting }: Watch): RunResult => {
    const made: string[] = [];
    const forget = (): void => {
      for (const one of made.splice(0)) host.remove(one);
    };
    const startMs = host.uptimeMs();
    try {
      const selector = encodeURIComponent(fieldSelector);
      const query = `fieldSelector=${selector}&watch=true&timeoutSeconds=${seconds}`;
      const config = formatOptions([
        ['url', `${kubeconfig.server}${path}?${query}`],
        ['silent'],
        ['show-error'],
        ['no-buffer'],
        ['globoff'],
        ['connect-timeout', String(connectSeconds)],
        ...credentialOptions(host, kubeconfig, made),
      ]);
      return host.run('curl', ['-q', '--config', '-'], {
        stdin: new Secret(config),
        ...waiting,
        onLine: (line) => {
          forget();
          return onLine(line);
        },
        onPause: () => {
          if (host.uptimeMs() - startMs > (connectSeconds + 1) * 1000) forget();
          onPause();
        },
      });
    } finally {
      forget();
    }
  };
