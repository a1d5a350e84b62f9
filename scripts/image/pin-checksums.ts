// Release files -> their official sha256: from the checksum files beside the releases, or from a
// JSON file of them for machines without a network.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../terminal/failure.ts';
import { fetchText, HostUnreachable, type HostBases } from './download.ts';
import type { PinnedFile } from './pin-files.ts';

type ReleaseFile = Omit<PinnedFile, 'sha256'>;

const sum = /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/;

/** The sum of one file in a checksum text: a sum alone, or `sum  name` on one of its lines. */
export const sumIn = (text: string, url: string): string | undefined => {
  const name = path.basename(new URL(url).pathname);
  for (const line of text.split(/\r?\n/)) {
    const [, sha256, file] = sum.exec(line) ?? [];
    if (sha256 !== undefined && (file === undefined || path.basename(file) === name)) return sha256;
  }
  return undefined;
};

/** Asks the release host; throws HostUnreachable or a Failure. */
export const fetchSum = async (file: ReleaseFile, bases: HostBases): Promise<string> => {
  const text = await fetchText(file.checksumUrl, file.label, bases);
  const found = sumIn(text, file.url);
  if (found !== undefined) return found;
  throw new Failure({
    step: 'pins',
    message: `${file.label}: ${file.checksumUrl} has no sum of ${path.basename(file.url)}`,
  });
};

/** The sums of all files, keyed by label; a host that does not answer is a Failure with a way out. */
export const fetchSums = async (
  files: readonly ReleaseFile[],
  bases: HostBases,
): Promise<Map<string, string>> => {
  const sums = new Map<string, string>();
  for (const file of files) {
    try {
      sums.set(file.label, await fetchSum(file, bases));
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      throw new Failure({
        step: 'pins',
        message: `the checksums of ${file.component} ${file.version} can't be fetched: ${error.message}`,
        hint: `--checksums FILE takes them from a JSON file: {"${file.component}": {"${file.version}": …}}, see docs/binaries.md; nothing was changed`,
        cause: error,
      });
    }
  }
  return sums;
};

const lookUp = (value: unknown, keys: readonly string[]): unknown => {
  let found = value;
  for (const key of keys) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
};

/**
 * The sums of all files from a JSON file: `{component: {version: {arch: {sha256}}}}`, and for
 * Kubernetes `{kubernetes: {version: {name: {arch: sha256}}}}`.
 */
export const readSums = async (
  files: readonly ReleaseFile[],
  jsonFile: string,
): Promise<Map<string, string>> => {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(jsonFile, 'utf8'));
  } catch (error) {
    throw new Failure({ step: 'pins', message: `${jsonFile}: ${(error as Error).message}` });
  }
  const sums = new Map<string, string>();
  for (const { component, version, name, arch, label } of files) {
    const keys =
      component === 'kubernetes'
        ? [component, version, name, arch]
        : [component, version, arch, 'sha256'];
    const found = lookUp(content, keys);
    if (typeof found !== 'string' || !/^[0-9a-f]{64}$/.test(found)) {
      throw new Failure({
        step: 'pins',
        message: `${jsonFile} has no sha256 of ${label}`,
        hint: `expected at ${keys.join(' → ')}; nothing was changed`,
      });
    }
    sums.set(label, found);
  }
  return sums;
};
