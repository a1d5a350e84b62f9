// The node's own credentials -> a watch at the API server: one curl, each change a line.
import { formatOptions } from './curl.ts';
import type { Host, RunResult } from './hosts/host.ts';
import type { Kubeconfig, PemSource } from './kubeconfig.ts';
import { Secret } from './secret.ts';

/** On a file system in memory, made by groundup.service. */
const runFolder = '/run/groundup';

/** curl reads certificates from files only: embedded ones are put into memory for a while. */
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

/** Runs `work` with a function that watches; credentials in memory are gone after it. */
export const withWatch = <T>(
  host: Host,
  { server, authority, certificate, privateKey, token }: Kubeconfig,
  work: (watch: (request: Watch) => RunResult) => T,
): T => {
  const made: string[] = [];
  const file = (option: string, name: string, source?: PemSource): [string, string][] =>
    source === undefined ? [] : [[option, asFile(host, name, source, made)]];
  try {
    const credentials = [
      ...file('cacert', 'ready-ca.pem', authority),
      ...file('cert', 'ready-client.pem', certificate),
      ...file('key', 'ready-client-key.pem', privateKey),
      ...(token === undefined
        ? []
        : [['header', `Authorization: Bearer ${token.reveal()}`] as [string, string]]),
    ];
    return work(({ path, fieldSelector, seconds, ...waiting }) => {
      const selector = encodeURIComponent(fieldSelector);
      const query = `fieldSelector=${selector}&watch=true&timeoutSeconds=${seconds}`;
      const config = formatOptions([
        ['url', `${server}${path}?${query}`],
        ['silent'],
        ['show-error'],
        ['no-buffer'],
        ['globoff'],
        ['connect-timeout', '5'],
        ...credentials,
      ]);
      const options = { stdin: new Secret(config), ...waiting };
      return host.run('curl', ['-q', '--config', '-'], options);
    });
  } finally {
    for (const path of made) host.remove(path);
  }
};
