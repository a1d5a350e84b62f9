// The Host of a node: QuickJS's `os` and `std` modules, and coreutils for what they lack.
import * as os from 'os';
import * as std from 'std';
import { reveal } from '../secret.ts';
import { decodeUtf8, encodeUtf8 } from '../text.ts';
import { HostError, type Host, type RunOptions, type RunResult } from './host.ts';
import { createLineFeed } from './lines.ts';
import { formatConsoleLine, formatLogLine } from './priorities.ts';

const errnoNotFound = 2;
const errnoAgain = 11;
/** Linux's O_NONBLOCK, the same on amd64 and arm64. */
const openNonBlocking = 0x800;
const signalKill = 9;
const chunkBytes = 64 * 1024;
const stdinBytesMax = 60 * 1024;
/** How often a child's output is looked at: often at first, seldom during a wait of minutes. */
const pauseMsMin = 1;
const pauseMsLong = 50;
const pauseGrowth = 1.2;
const exitCodeTimedOut = 124;
const exitCodeNotFound = 127;

/** Throws for a negative errno; passes anything else through. */
const check = (path: string, result: number): number => {
  if (result < 0) throw new HostError(path, std.strerror(-result));
  return result;
};

/** A loop: `Uint8Array.from` makes a string of each letter, which took twice as long. */
const encode = (text: string): Uint8Array<ArrayBuffer> => {
  const binary = encodeUtf8(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
};

const binaryOf = (buffer: ArrayBuffer, length: number): string => {
  const bytes = new Uint8Array(buffer, 0, length);
  const pieces: string[] = [];
  // The number of arguments of one call is limited.
  for (let start = 0; start < length; start += 8192)
    pieces.push(String.fromCharCode(...bytes.subarray(start, Math.min(start + 8192, length))));
  return pieces.join('');
};

const writeAll = (path: string, fd: number, text: string): void => {
  const bytes = encode(text);
  let written = 0;
  while (written < bytes.length)
    written += check(path, os.write(fd, bytes.buffer, written, bytes.length - written));
};

const readAll = (path: string, fd: number): string => {
  const buffer = new ArrayBuffer(chunkBytes);
  let binary = '';
  for (;;) {
    const length = check(path, os.read(fd, buffer, 0, chunkBytes));
    if (length === 0) return decodeUtf8(binary);
    binary += binaryOf(buffer, length);
  }
};

const openPipe = (): [number, number] => {
  const ends = os.pipe();
  if (ends === null) throw new HostError('pipe', 'no more file descriptors');
  return ends;
};

interface Child {
  pid: number;
  stdout: number;
  stderr: number;
}

/**
 * The reading end again, but a read returns at once. QuickJS can neither set a flag of an open file
 * nor wait with a deadline; Linux opens a pipe a second time by its name in /proc.
 */
const withoutBlocking = (fd: number): number => {
  const path = `/proc/self/fd/${fd}`;
  const again = check(path, os.open(path, os.O_RDONLY | openNonBlocking));
  os.close(fd);
  return again;
};

const start = (file: string, args: readonly string[], stdin: string): Child => {
  const [inputRead, inputWrite] = openPipe();
  const [outputRead, outputWrite] = openPipe();
  const [errorRead, errorWrite] = openPipe();
  const pid = os.exec([file, ...args], {
    block: false,
    stdin: inputRead,
    stdout: outputWrite,
    stderr: errorWrite,
  });
  // As long as we hold the child's ends, its pipes have no end of file.
  for (const fd of [inputRead, outputWrite, errorWrite]) os.close(fd);
  check(file, pid);
  try {
    // A pipe holds 64 KiB: this does not wait for the child.
    writeAll(file, inputWrite, stdin);
  } catch (error) {
    // A child that is gone already; its exit code says more.
    if (!(error instanceof HostError)) throw error;
  } finally {
    os.close(inputWrite);
  }
  return { pid, stdout: withoutBlocking(outputRead), stderr: withoutBlocking(errorRead) };
};

interface Stream {
  fd: number;
  isOpen: boolean;
  onPiece: (binary: string) => void;
}

/** Takes what is there; true when there was something. */
const drain = (stream: Stream, buffer: ArrayBuffer): boolean => {
  if (!stream.isOpen) return false;
  const length = os.read(stream.fd, buffer, 0, chunkBytes);
  if (length === -errnoAgain) return false;
  if (length > 0) stream.onPiece(binaryOf(buffer, length));
  else {
    os.close(stream.fd);
    stream.isOpen = false;
  }
  return true;
};

const statusToCode = (status: number): number =>
  (status & 0x7f) === 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);

const run = (
  file: string,
  args: readonly string[],
  { stdin = '', timeoutMs, onLine, onPause, pauseMsMax = pauseMsLong }: RunOptions,
): RunResult => {
  const input = reveal(stdin);
  if (input.length > stdinBytesMax) throw new Error(`${file}: ${input.length} bytes for stdin`);
  const deadlineMs = os.now() + timeoutMs;
  const child = start(file, args, input);
  const output = { stdout: '', stderr: '' };
  const feed = createLineFeed(onLine);
  let ended: number | undefined;
  const streams: Stream[] = [
    {
      fd: child.stdout,
      isOpen: true,
      onPiece: (binary) => {
        if (onLine === undefined) output.stdout += binary;
        else if (feed.push(decodeUtf8(binary))) ended ??= 0;
      },
    },
    { fd: child.stderr, isOpen: true, onPiece: (binary) => (output.stderr += binary) },
  ];
  const buffer = new ArrayBuffer(chunkBytes);
  let pauseMs = pauseMsMin;
  while (streams.some(({ isOpen }) => isOpen) && ended === undefined) {
    const found = streams.map((stream) => drain(stream, buffer));
    if (os.now() > deadlineMs) ended = exitCodeTimedOut;
    else if (found.includes(true)) pauseMs = pauseMsMin;
    else {
      onPause?.();
      os.sleep(pauseMs);
      pauseMs = Math.min(pauseMsMax, pauseMs * pauseGrowth);
    }
  }
  if (ended !== undefined) os.kill(child.pid, signalKill);
  for (const { fd, isOpen } of streams) if (isOpen) os.close(fd);
  const [, status] = os.waitpid(child.pid, 0);
  return {
    exitCode: ended ?? statusToCode(status),
    stdout: decodeUtf8(output.stdout),
    stderr: decodeUtf8(output.stderr),
  };
};

/** Runs one of coreutils on files; its own words become the error. */
const coreutil = (name: string, args: readonly string[]): void => {
  const { exitCode, stderr } = run(name, args, { timeoutMs: 30_000 });
  if (exitCode === 0) return;
  const reason = exitCode === exitCodeNotFound ? 'there is no such program' : stderr.trim();
  throw new HostError(name, reason);
};

/** `root` is put before every path of a file operation. */
export const createQuickjsHost = (root = ''): Host => ({
  run,
  sleep: (durationMs) => os.sleep(Math.round(durationMs)),
  place: (path) => root + path,
  readFile: (path) => {
    const fd = os.open(root + path, os.O_RDONLY);
    if (fd === -errnoNotFound) return undefined;
    check(path, fd);
    try {
      return readAll(path, fd);
    } finally {
      os.close(fd);
    }
  },
  status: (path) => {
    const [found, errno] = os.stat(root + path);
    if (errno === errnoNotFound) return undefined;
    if (found === null) throw new HostError(path, std.strerror(errno));
    const type = found.mode & os.S_IFMT;
    const kind = type === os.S_IFREG ? 'file' : type === os.S_IFDIR ? 'folder' : 'other';
    return { kind, mode: found.mode & 0o7777 };
  },
  makeFolder: (path, mode) => void check(path, os.mkdir(root + path, mode)),
  createFile: (path, content, mode) => {
    const flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL;
    const fd = check(path, os.open(root + path, flags, mode));
    try {
      writeAll(path, fd, content);
    } finally {
      os.close(fd);
    }
  },
  setMode: (paths, mode) =>
    coreutil('chmod', [mode.toString(8), ...paths.map((path) => root + path)]),
  flush: (paths) => coreutil('sync', ['--data', ...paths.map((path) => root + path)]),
  rename: (from, to) => void check(to, os.rename(root + from, root + to)),
  remove: (path) => {
    const result = os.remove(root + path);
    if (result !== -errnoNotFound) check(path, result);
  },
  uptimeMs: () => os.now(),
  epochMs: () => Date.now(),
  random: () => Math.random(),
  log: (priority, line) => std.err.puts(formatLogLine(priority, line)),
  console: (line) => {
    const fd = os.open(`${root}/dev/console`, os.O_WRONLY);
    if (fd < 0) return;
    try {
      writeAll('/dev/console', fd, formatConsoleLine(line));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    } finally {
      os.close(fd);
    }
  },
});
