// Requests -> one curl process; urls, headers and keys go through its standard input, never argv.
import type { Host } from './host.ts';

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'PUT' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** Further lines of curl's configuration file, e.g. `aws-sigv4` or `cert`. */
  options?: Record<string, string>;
}

export interface HttpResponse {
  status: number;
  body: string;
}

export type HttpResult = { responses: HttpResponse[] } | { error: string };

/** curl's configuration format: double quotes with backslash escapes. */
const quote = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

const configOf = (request: HttpRequest, marker: string, timeoutMs: number): string => {
  const lines: [string, string][] = [
    ['url', request.url],
    ['request', request.method ?? 'GET'],
    ['connect-timeout', String(Math.min(timeoutMs, 3000) / 1000)],
    ['max-time', String(timeoutMs / 1000)],
    ['write-out', `\n${marker} %{http_code}\n`],
    ...Object.entries(request.headers ?? {}).map(([name, value]): [string, string] => [
      'header',
      `${name}: ${value}`,
    ]),
    ...(request.body === undefined ? [] : [['data-raw', request.body] as [string, string]]),
    ...Object.entries(request.options ?? {}),
  ];
  return lines.map(([name, value]) => `${name} = ${quote(value)}`).join('\n');
};

/**
 * Sends the requests one after the other over one connection where the server allows. An HTTP error
 * is a response; `error` is curl's own text for what kept it from getting one.
 */
export const sendRequests = (
  host: Host,
  requests: readonly HttpRequest[],
  timeoutMs: number,
): HttpResult => {
  // A body cannot hold the marker by accident.
  const marker = `groundup-${Math.floor(host.random() * 2 ** 48).toString(36)}`;
  const config = requests
    .map((request) => `silent\nshow-error\n${configOf(request, marker, timeoutMs)}`)
    .join('\nnext\n');
  const result = host.run({
    file: 'curl',
    args: ['--disable', '--config', '-'],
    stdin: `${config}\n`,
    timeoutMs: timeoutMs * requests.length + 2000,
  });
  const parts = result.stdout.split(new RegExp(`\\n${marker} (\\d{3})\\n`));
  const responses: HttpResponse[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2)
    responses.push({ body: parts[index] ?? '', status: Number(parts[index + 1]) });
  const complete =
    responses.length === requests.length && responses.every(({ status }) => status > 0);
  if (complete) return { responses };
  const text = result.stderr.trim().split('\n')[0] ?? '';
  return { error: text === '' ? `curl exited with ${result.exitCode}` : text };
};
