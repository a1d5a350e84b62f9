// A release file's address and sha256 -> the file in the cache, checked; or why it can't be had.
// curl does the transfer: it knows the system's certificates and proxies.
import { execa } from 'execa';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cached, sha256OfFile } from '../cache/entry.ts';
import { Failure } from '../terminal/failure.ts';

/** Host of an official address -> base address that stands in for it, e.g. a loopback server. */
export type HostBases = Readonly<Record<string, string>>;

/** The host did not answer, or not over this network: another source may serve instead. */
export class HostUnreachable extends Error {
  readonly host: string;
  constructor(host: string, reason: string) {
    super(`${host}: ${reason}`);
    this.name = 'HostUnreachable';
    this.host = host;
  }
}

const connectTimeoutMs = 5000;
const downloadTimeoutMs = 15 * 60_000;
const triesMax = 3;
const retryDelayMs = 500;

/** curl's exit codes, in words. */
const unreachableCodes: Readonly<Record<number, string>> = {
  5: 'the proxy’s name is not known',
  6: 'its name is not known',
  7: 'no connection',
  28: 'timed out',
  35: 'no TLS connection',
  60: 'its certificate is not trusted',
};
/** The transfer began and broke: worth another try. */
const brokenCodes = new Set([18, 52, 55, 56, 92]);
const writeErrorCode = 23;

const resolveUrl = (url: string, bases: HostBases): string => {
  const { host } = new URL(url);
  const base = bases[host];
  return base === undefined ? url : url.replace(`https://${host}`, base);
};

interface CurlResult {
  exitCode: number;
  status: number;
  body: string;
  message: string;
}

const curl = async (
  url: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<CurlResult> => {
  const protocol = url.startsWith('http://127.0.0.1:') ? '=http' : '=https';
  const always = ['--silent', '--show-error', '--location', '--proto', protocol];
  const limits = ['--connect-timeout', String(connectTimeoutMs / 1000)];
  const stalled = ['--speed-limit', '1000', '--speed-time', '30'];
  const result = await execa(
    'curl',
    [...always, ...limits, ...stalled, '--write-out', '\n%{http_code}', ...args, url],
    { reject: false, timeout: timeoutMs, stdin: 'ignore' },
  );
  if (result.code === 'ENOENT') {
    throw new Failure({
      step: 'binaries',
      message: 'curl is not installed',
      hint: 'apt-get install --yes curl',
    });
  }
  const output = result.stdout ?? '';
  const cut = output.lastIndexOf('\n');
  return {
    exitCode: result.timedOut ? 28 : (result.exitCode ?? 1),
    status: Number(output.slice(cut + 1)) || 0,
    body: output.slice(0, Math.max(0, cut)),
    message: result.stderr.trim().split('\n').at(-1) ?? '',
  };
};

/** Why a host can't be used for downloads now, or nothing when it serves `url`. */
export const probeUrl = async (
  url: string,
  bases: HostBases = {},
  timeoutMs = 4000,
): Promise<string | undefined> => {
  // One byte instead of HEAD: some stores behind the release hosts refuse HEAD.
  const args = ['--range', '0-0', '--output', '/dev/null'];
  const { exitCode, status } = await curl(resolveUrl(url, bases), args, timeoutMs);
  if (exitCode !== 0) return unreachableCodes[exitCode] ?? `curl exit code ${exitCode}`;
  return status < 400 ? undefined : `answers ${status}`;
};

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

const explain = async (
  result: CurlResult,
  { label, host, folder }: { label: string; host: string; folder: string },
): Promise<Error | undefined> => {
  const { exitCode, status, message } = result;
  const reason = unreachableCodes[exitCode];
  if (reason !== undefined) return new HostUnreachable(host, reason);
  if (exitCode === writeErrorCode) {
    const free = Math.floor((await freeBytes(folder)) / 2 ** 20);
    return new Failure({
      step: 'binaries',
      message: `${label}: can't be written to the cache, ${free} MiB free`,
      tail: message,
      hint: `free some space for ${path.dirname(path.dirname(folder))}, or set XDG_CACHE_HOME to a bigger disk; nothing was kept`,
    });
  }
  if (exitCode !== 0) {
    return new Failure({
      step: 'binaries',
      message: `${label}: the download from ${host} broke off ${triesMax} times`,
      tail: message,
      hint: 'run again; nothing was kept',
    });
  }
  if (status < 400) return undefined;
  return new Failure({
    step: 'binaries',
    message: `${label}: ${host} answers ${status}`,
    hint: 'is that version released? images/pins.yaml says which one is wanted',
  });
};

const isWorthAnotherTry = ({ exitCode, status }: CurlResult): boolean =>
  brokenCodes.has(exitCode) || status === 429 || status >= 500;

const transfer = async (url: string, args: readonly string[]): Promise<CurlResult> => {
  let result = await curl(url, args, downloadTimeoutMs);
  for (let tries = 1; tries < triesMax && isWorthAnotherTry(result); tries += 1) {
    await sleep(retryDelayMs * 2 ** tries * (0.5 + Math.random() / 2));
    result = await curl(url, args, downloadTimeoutMs);
  }
  return result;
};

/** The text at `url`, for checksum files. Throws HostUnreachable or a Failure. */
export const fetchText = async (
  url: string,
  label: string,
  bases: HostBases = {},
): Promise<string> => {
  const result = await transfer(resolveUrl(url, bases), []);
  const error = await explain(result, { label, host: new URL(url).host, folder: '/' });
  if (error) throw error;
  return result.body;
};

export interface DownloadOptions {
  url: string;
  sha256: string;
  /** `containerd 2.3.6 amd64` */
  label: string;
  bases?: HostBases;
  /** `Name: value`, nothing secret: they are seen in the process list. */
  headers?: readonly string[];
  /** Makes the failure for wrong bytes. */
  onWrongSha256: (got: string, from: string) => Failure;
}

/**
 * The file of `url` in the cache, downloaded unless it is there whole. Throws HostUnreachable when
 * the host can't be reached, a Failure otherwise; either way nothing is left behind.
 */
export const downloadFile = async (options: DownloadOptions): Promise<string> => {
  const { url, sha256, label, bases = {}, headers = [], onWrongSha256 } = options;
  const name = path.basename(new URL(url).pathname);
  const { host } = new URL(url);
  const entry = await cached('downloads', sha256, async (folder) => {
    const file = path.join(folder, name);
    const extra = headers.flatMap((header) => ['--header', header]);
    const result = await transfer(resolveUrl(url, bases), [...extra, '--output', file]);
    const error = await explain(result, { label, host, folder });
    if (error) throw error;
    const got = await sha256OfFile(file);
    if (got !== sha256) throw onWrongSha256(got, host);
  });
  return path.join(entry.folder, name);
};
