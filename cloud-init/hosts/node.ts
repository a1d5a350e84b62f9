// The Host of tests: the same operations by Node's own modules.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { reveal } from '../secret.ts';
import { decodeUtf8 } from '../text.ts';
import { HostError, type Host, type RunOptions, type RunResult } from './host.ts';
import { createLineFeed } from './lines.ts';
import { formatConsoleLine, formatLogLine } from './priorities.ts';

const exitCodeTimedOut = 124;
const exitCodeNotFound = 127;
const outputBytesMax = 16 * 1024 * 1024;

const errorTexts: Record<string, string> = {
  EACCES: 'Permission denied',
  EEXIST: 'File exists',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  EROFS: 'Read-only file system',
};

/** Runs a file operation; its error gets the words that the C library has for it. */
const attempt = <T>(path: string, operation: () => T): T => {
  try {
    return operation();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new HostError(path, errorTexts[code] ?? message);
  }
};

const unlessMissing = <T>(path: string, operation: () => T): T | undefined =>
  attempt(path, () => {
    try {
      return operation();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  });

/** Lines are given to `onLine` after the child has ended: Node has no synchronous way to look earlier. */
const run = (
  file: string,
  args: readonly string[],
  { stdin = '', timeoutMs, onLine, onPause }: RunOptions,
): RunResult => {
  onPause?.();
  const child = spawnSync(file, args, {
    input: reveal(stdin),
    timeout: Math.ceil(timeoutMs),
    killSignal: 'SIGKILL',
    encoding: 'latin1',
    maxBuffer: outputBytesMax,
  });
  const [stdout, stderr] = [child.stdout, child.stderr].map((text) => decodeUtf8(text ?? '')) as [
    string,
    string,
  ];
  if (onLine !== undefined && createLineFeed(onLine).push(stdout))
    return { exitCode: 0, stdout: '', stderr };
  const code = child.error !== undefined && 'code' in child.error ? child.error.code : undefined;
  if (code === 'ENOENT') return { exitCode: exitCodeNotFound, stdout: '', stderr: '' };
  const exitCode = code === 'ETIMEDOUT' ? exitCodeTimedOut : (child.status ?? 128);
  return { exitCode, stdout: onLine === undefined ? stdout : '', stderr };
};

const statusOf = (found: fs.Stats) => ({
  kind: found.isFile()
    ? ('file' as const)
    : found.isDirectory()
      ? ('folder' as const)
      : ('other' as const),
  mode: found.mode & 0o7777,
});

/** `root` is put before every path of a file operation. */
export const createNodeHost = (root = ''): Host => ({
  run,
  sleep: (durationMs) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
  },
  place: (path) => root + path,
  readFile: (path) => unlessMissing(path, () => fs.readFileSync(root + path, 'utf8')),
  status: (path) => unlessMissing(path, () => statusOf(fs.statSync(root + path))),
  makeFolder: (path, mode) => attempt(path, () => fs.mkdirSync(root + path, { mode })),
  createFile: (path, content, mode) =>
    attempt(path, () => fs.writeFileSync(root + path, content, { mode, flag: 'wx' })),
  setMode: (paths, mode) => {
    for (const path of paths) attempt(path, () => fs.chmodSync(root + path, mode));
  },
  flush: (paths) => {
    for (const path of paths)
      attempt(path, () => {
        const fd = fs.openSync(root + path, 'r');
        try {
          fs.fdatasyncSync(fd);
        } finally {
          fs.closeSync(fd);
        }
      });
  },
  rename: (from, to) => attempt(to, () => fs.renameSync(root + from, root + to)),
  remove: (path) => {
    unlessMissing(path, () => {
      if (fs.lstatSync(root + path).isDirectory()) fs.rmdirSync(root + path);
      else fs.unlinkSync(root + path);
    });
  },
  uptimeMs: () => Number(process.hrtime.bigint()) / 1e6,
  epochMs: () => Date.now(),
  random: () => Math.random(),
  log: (priority, line) => void process.stderr.write(formatLogLine(priority, line)),
  console: (line) => {
    try {
      fs.appendFileSync(`${root}/dev/console`, formatConsoleLine(line));
    } catch {
      // Not every machine has one.
    }
  },
});
