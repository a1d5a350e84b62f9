// Requests -> one curl process for all of them; its output -> one response each.
// Everything goes in by a config on standard input: no key and no header is ever an argument.
// https://curl.se/docs/manpage.html#-K
import { excerpt } from './failure.ts';
import type { Host } from './hosts/host.ts';
import { reveal, Secret } from './secret.ts';

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'PUT';
  headers?: Readonly<Record<string, string | Secret>>;
  /** Makes it a POST. */
  body?: string;
  /** `<access key id>:<secret access key>` with the scope to sign for. */
  signature?: { user: Secret; region: string; service: string };
}

export interface HttpOptions {
  /** For each request, connecting included. */
  timeoutMs: number;
  connectTimeoutMs: number;
  /** File of certificates to trust in place of the system's. */
  authorityFile?: string;
  /** The metadata service is never behind a proxy. */
  isDirect?: boolean;
}

export interface HttpResponse {
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** May be secret. */
  body: string;
  /** curl's own words when there was no answer. */
  error: string;
}

/** A quoted value of curl's config: backslash, quotes and line ends are escaped. */
const quote = (value: string): string =>
  `"${value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')}"`;

const seconds = (durationMs: number): string => (durationMs / 1000).toFixed(3);

/** One option a line, in curl's long names without dashes. */
export const formatOptions = (options: readonly (readonly [string, string?])[]): string =>
  options
    .map(([name, value]) => (value === undefined ? name : `${name} = ${quote(value)}`))
    .join('\n');

const optionsOf = (
  request: HttpRequest,
  options: HttpOptions,
  boundary: string,
): [string, string?][] => {
  const { url, method, headers = {}, body, signature } = request;
  return [
    ['url', url],
    ['silent'],
    ['globoff'],
    ['proto', '=http,https'],
    ['connect-timeout', seconds(options.connectTimeoutMs)],
    ['max-time', seconds(options.timeoutMs)],
    ...(options.isDirect === true ? [['noproxy', '*'] as [string, string]] : []),
    ...(options.authorityFile === undefined
      ? []
      : [['cacert', options.authorityFile] as [string, string]]),
    ...(method === 'PUT' ? [['request', 'PUT'] as [string, string]] : []),
    ...Object.entries(headers).map(([name, value]): [string, string] => [
      'header',
      `${name}: ${reveal(value)}`,
    ]),
    ...(body === undefined ? [] : [['data-raw', body] as [string, string]]),
    ...(signature === undefined
      ? []
      : ([
          ['aws-sigv4', `aws:amz:${signature.region}:${signature.service}`],
          ['user', signature.user.reveal()],
        ] as [string, string][])),
    ['write-out', `\n${boundary} %{http_code} %{errormsg}\n`],
  ];
};

/** The config for all requests; options of one do not leak into the next. */
export const formatConfig = (
  requests: readonly HttpRequest[],
  options: HttpOptions,
  boundary: string,
): Secret =>
  new Secret(
    `${requests.map((request) => formatOptions(optionsOf(request, options, boundary))).join('\nnext\n')}\n`,
  );

/** Cuts curl's output at the trailers that `write-out` put behind each body. */
export const parseResponses = (stdout: string, boundary: string): HttpResponse[] => {
  const responses: HttpResponse[] = [];
  let start = 0;
  for (;;) {
    const mark = stdout.indexOf(`\n${boundary} `, start);
    if (mark === -1) return responses;
    const trailerStart = mark + boundary.length + 2;
    const trailerEnd = stdout.indexOf('\n', trailerStart);
    const trailer = stdout.slice(trailerStart, trailerEnd === -1 ? undefined : trailerEnd);
    const [, status = '0', error = ''] = /^(\d+) ?(.*)$/.exec(trailer) ?? [];
    responses.push({ status: Number(status), body: stdout.slice(start, mark), error });
    if (trailerEnd === -1) return responses;
    start = trailerEnd + 1;
  }
};

const newBoundary = (host: Host): string =>
  `groundup-${host.random().toString(36).slice(2)}${host.random().toString(36).slice(2)}`;

/** Sends requests one after the other over one connection where it can; one response for each. */
export const sendRequests = (
  host: Host,
  requests: readonly HttpRequest[],
  options: HttpOptions,
): HttpResponse[] => {
  const boundary = newBoundary(host);
  const { exitCode, stdout, stderr } = host.run('curl', ['-q', '--config', '-'], {
    stdin: formatConfig(requests, options, boundary),
    timeoutMs: requests.length * options.timeoutMs + 1000,
  });
  const responses = parseResponses(stdout, boundary);
  const error = `curl ended with exit code ${exitCode}${stderr === '' ? '' : `: ${excerpt(stderr)}`}`;
  return requests.map((_, index) => responses[index] ?? { status: 0, body: '', error });
};

/** What went wrong with a response, in a few words. */
export const describeResponse = ({ status, error }: HttpResponse): string =>
  status === 0 ? (error === '' ? 'no answer' : excerpt(error)) : `HTTP ${status}`;
