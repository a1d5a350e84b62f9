// The host port on Node: the twin of hosts/quickjs.ts, for tests and laptops.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import type { Command, CommandResult, Host } from '../host.ts';

/** Journal priorities, read by systemd from the start of a line: sd-daemon(3). */
const priorities = { error: 3, warning: 4, info: 6 };

const run = ({ file, args, stdin, timeoutMs }: Command): CommandResult => {
  const result = spawnSync(file, args, {
    encoding: 'utf8',
    input: stdin ?? '',
    timeout: timeoutMs,
    maxBuffer: 16 * 1024 ** 2,
  });
  const failure: NodeJS.ErrnoException | undefined = result.error;
  const failureCode = failure?.code === 'ETIMEDOUT' ? 124 : 127;
  return {
    exitCode: failure === undefined ? (result.status ?? 1) : failureCode,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
  };
};

const absentOr = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** `root` stands for `/` in every path of files; programs see the real machine. */
export const createNodeHost = (root: string): Host => ({
  run,
  readFile: (path) => absentOr(() => fs.readFileSync(root + path, 'utf8')),
  modeOf: (path) => absentOr(() => fs.statSync(root + path).mode & 0o7777),
  makeFolder: (path, mode) => void fs.mkdirSync(root + path, { recursive: true, mode }),
  writeNew: (path, text, mode) => fs.writeFileSync(root + path, text, { flag: 'wx', mode }),
  rename: (from, to) => fs.renameSync(root + from, root + to),
  remove: (path) => fs.rmSync(root + path, { force: true }),
  uptimeMs: () => Number(fs.readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000,
  sleepMs: (durationMs) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
  },
  random: () => Math.random(),
  log: (level, text) => void process.stderr.write(`<${priorities[level]}>${text}\n`),
  console: (text) => {
    if (root === '') fs.writeFileSync('/dev/console', `${text}\n`, { mode: 0o600 });
  },
});
