// The host port on QuickJS 2025-04: its std and os modules, and coreutils' timeout.
// Manual: https://bellard.org/quickjs/quickjs.html#Standard-library
import * as os from 'quickjs:os';
import * as std from 'quickjs:std';
import type { Command, CommandResult, Host } from '../host.ts';

/** Journal priorities, read by systemd from the start of a line: sd-daemon(3). */
const priorities = { error: 3, warning: 4, info: 6 };
const noSuchFile = std.Error.ENOENT;

/** os functions return a negative errno; the text names the path and the reason. */
const check = (result: number, what: string): number => {
  if (result < 0) throw new Error(`${what}: ${std.strerror(-result)}`);
  return result;
};

const openPipe = (): [read: number, write: number] => {
  const ends = os.pipe();
  if (ends === null) throw new Error('pipe: no file descriptors left');
  return ends;
};

const readAll = (descriptor: number): string => {
  const file = std.fdopen(descriptor, 'r');
  const text = file.readAsString();
  file.close();
  return text;
};

/** The exit status that a shell would show: 128 + signal for a killed program. */
const exitCodeOf = (status: number): number =>
  (status & 0x7f) === 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);

// Standard input and output are pipes of 64 KiB. What goes in is far smaller; what comes out is
// read to its end, first one then the other, which suffices as no program fills stderr.
const run = ({ file, args, stdin = '', timeoutMs }: Command): CommandResult => {
  const [childIn, toChild] = openPipe();
  const [fromChild, childOut] = openPipe();
  const [errorsFromChild, childErrors] = openPipe();
  const seconds = Math.ceil(timeoutMs / 1000);
  const pid = os.exec(['timeout', '--kill-after=5', String(seconds), file, ...args], {
    block: false,
    stdin: childIn,
    stdout: childOut,
    stderr: childErrors,
  });
  // The child's ends must be closed here, or reading never meets the end of file.
  for (const descriptor of [childIn, childOut, childErrors]) os.close(descriptor);
  const input = std.fdopen(toChild, 'w');
  input.puts(stdin);
  input.close();
  const stdout = readAll(fromChild);
  const stderr = readAll(errorsFromChild);
  const [, status] = os.waitpid(pid, 0);
  return { exitCode: exitCodeOf(status), stdout, stderr };
};

const modeOf = (path: string): number | undefined => {
  const [stat, error] = os.stat(path);
  if (error === noSuchFile) return undefined;
  check(-error, path);
  return stat === null ? undefined : stat.mode & 0o7777;
};

const makeFolder = (path: string, mode: number): void => {
  if (path === '' || modeOf(path) !== undefined) return;
  makeFolder(path.slice(0, path.lastIndexOf('/')), mode);
  check(os.mkdir(path, mode), path);
};

const writeNew = (path: string, text: string, mode: number): void => {
  const descriptor = check(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), path);
  const file = std.fdopen(descriptor, 'w');
  file.puts(text);
  file.flush();
  // A full disk shows here and not in puts, which buffers.
  const failed = file.error();
  const closed = file.close();
  if (failed || closed !== 0)
    throw new Error(`${path}: ${std.strerror(closed < 0 ? -closed : 28)}`);
  // Written by one road, counted by another: a short write must not pass.
  const [stat] = os.stat(path);
  const sizeBytes = byteLength(text);
  if (stat?.size !== sizeBytes)
    throw new Error(`${path}: ${stat?.size ?? 0} of ${sizeBytes} bytes written`);
};

/** UTF-8 length; QuickJS has no TextEncoder. */
const byteLength = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/** `root` stands for `/` in every path of files; programs see the real machine. */
export const createQuickjsHost = (root: string): Host => ({
  run,
  readFile: (path) => std.loadFile(root + path) ?? undefined,
  modeOf: (path) => modeOf(root + path),
  makeFolder: (path, mode) => makeFolder(root + path, mode),
  writeNew: (path, text, mode) => writeNew(root + path, text, mode),
  rename: (from, to) => void check(os.rename(root + from, root + to), to),
  remove: (path) => {
    const result = os.remove(root + path);
    if (result < 0 && result !== -noSuchFile) check(result, path);
  },
  uptimeMs: () => Number(std.loadFile('/proc/uptime')?.split(' ')[0]) * 1000,
  sleepMs: (durationMs) => os.sleep(durationMs),
  random: () => Math.random(),
  log: (level, text) => {
    std.err.puts(`<${priorities[level]}>${text}\n`);
    std.err.flush();
  },
  console: (text) => {
    if (root !== '') return;
    const console = std.open('/dev/console', 'w');
    console?.puts(`${text}\n`);
    console?.close();
  },
});
