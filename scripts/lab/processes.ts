// A long-running program of the lab -> a child with its log file; its early death is an error.
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, tailOf } from '../terminal/failure.ts';

export interface Service {
  name: string;
  logFile: string;
  child: ChildProcess;
}

/** Starts a program whose output goes to `<logFolder>/<name>.log`. */
export const startService = (
  name: string,
  file: string,
  args: readonly string[],
  logFolder: string,
): Service => {
  const logFile = path.join(logFolder, `${name}.log`);
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(file, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  // Its consequences are seen by whoever waits for the service.
  child.on('error', () => undefined);
  return { name, logFile, child };
};

const hasEnded = ({ child }: Service): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

/** The end of a log, for a failure. */
export const logTail = async (logFile: string): Promise<string> =>
  tailOf(await readFile(logFile, 'utf8').catch(() => ''));

/** What a check throws means `not yet`, but for a Failure: that is the end. */
const unlessFinal = (error: unknown): false => {
  if (error instanceof Failure) throw error;
  return false;
};

/** Polls `check` until it is true, it throws a Failure, the service ends, or the deadline passes. */
export const waitFor = async (
  step: string,
  what: string,
  options: { service?: Service; timeoutMs: number; intervalMs: number; logFile?: string },
  check: () => Promise<boolean>,
): Promise<void> => {
  const { service, timeoutMs, intervalMs } = options;
  const endMs = performance.now() + timeoutMs;
  const fail = async (reason: string): Promise<never> => {
    const logFile = options.logFile ?? service?.logFile;
    const tail = logFile === undefined ? '' : await logTail(logFile);
    throw new Failure({ step, message: `${what}: ${reason}`, tail });
  };
  for (;;) {
    if (await check().catch(unlessFinal)) return;
    if (service && hasEnded(service))
      await fail(`${service.name} ended (${service.child.exitCode ?? service.child.signalCode})`);
    if (performance.now() >= endMs) await fail(`not within ${timeoutMs / 1000} s`);
    await sleep(intervalMs);
  }
};

/** Ends a program at once, as a power cut does; returns when it has ended. */
export const killService = async (service: Service): Promise<void> => {
  if (hasEnded(service)) return;
  const ended = new Promise((resolve) => void service.child.once('exit', resolve));
  service.child.kill('SIGKILL');
  await ended;
};

/** Asks a program to end, and ends it after 5 s. */
export const stopService = async (service: Service): Promise<void> => {
  if (hasEnded(service)) return;
  const ended = new Promise((resolve) => void service.child.once('exit', resolve));
  service.child.kill('SIGTERM');
  const patience = sleep(5000).then(() => service.child.kill('SIGKILL'));
  await Promise.race([ended, patience.then(() => ended)]);
};
