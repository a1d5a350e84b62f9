// Moments on this machine's clock: power on, Ready, and the start of a node's kernel.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import type { WorkerStatus } from '../lab/protocol.ts';
import { Failure, tailOf } from '../terminal/failure.ts';

const step = 'bench';
/** A stock Debian on a cold volume, two busy cores and no hardware acceleration. */
const readyTimeoutMs = 12 * 60_000;
const panicIntervalMs = 5000;
const loginTimeoutMs = 6 * 60_000;

/** QEMU makes its control socket when it starts, before the machine runs. */
export const powerOnMs = async (worker: WorkerStatus): Promise<number> => {
  const { mtimeMs } = await stat(path.join(path.dirname(worker.consoleFile), 'qmp'));
  return mtimeMs - Date.now() + performance.now();
};

/** The moment when the API server first calls a node Ready; undefined when it does not in time. */
export const watchReady = async (
  lab: Pick<Lab, 'start'>,
  nodeName: string,
  signal?: AbortSignal,
): Promise<number | undefined> => {
  const format = '{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}';
  const watch = lab.start(['kubectl', 'get', 'nodes', '--watch', `--output=jsonpath=${format}`], {
    timeoutMs: readyTimeoutMs,
  });
  signal?.addEventListener('abort', () => watch.kill());
  for await (const line of watch)
    if (line.trim() === `${nodeName} True`) {
      const readyMs = performance.now();
      watch.kill();
      return readyMs;
    }
  return undefined;
};

/** The kernel died: QEMU without hardware acceleration does that now and then, and it is no figure. */
export class KernelPanic extends Failure {}

type Watched = Pick<Lab, 'start' | 'consoleOf'>;

/** Looks at the console until the kernel dies or `signal` says that it is enough. */
const awaitPanic = async (lab: Watched, worker: WorkerStatus, signal: AbortSignal) => {
  while (!signal.aborted) {
    const text = await lab.consoleOf(worker);
    if (text.includes('Kernel panic - not syncing')) {
      const message = `${worker.name}: the kernel panicked`;
      throw new KernelPanic({ step, message, tail: tailOf(text) });
    }
    await sleep(panicIntervalMs, undefined, { signal }).catch(() => undefined);
  }
};

/** The same; a Failure with the end of its console when it is not Ready in time, or panics. */
export const awaitReady = async (lab: Watched, worker: WorkerStatus): Promise<number> => {
  const enough = new AbortController();
  const { signal } = enough;
  const watch = watchReady(lab, worker.nodeName, signal).finally(() => enough.abort());
  const [readyMs] = await Promise.all([watch, awaitPanic(lab, worker, signal)]).finally(() =>
    enough.abort(),
  );
  if (readyMs !== undefined) return readyMs;
  const message = `${worker.name} was not Ready within ${readyTimeoutMs / 60_000} min`;
  throw new Failure({ step, message, tail: tailOf(await lab.consoleOf(worker)) });
};

export const awaitLogin = async (lab: Lab, worker: WorkerStatus, user: string): Promise<void> => {
  const endMs = performance.now() + loginTimeoutMs;
  for (;;) {
    const { exitCode, stderr } = await lab.ssh(worker.address, 'true', 30_000, user);
    if (exitCode === 0) return;
    if (performance.now() > endMs)
      throw new Failure({ step, message: `${worker.name}: no login`, tail: stderr });
    await sleep(2000);
  }
};

/**
 * When the node's kernel started: the node tells its uptime over an open connection; the quickest
 * answer is the best.
 */
export const kernelStartMs = async (
  lab: Lab,
  worker: WorkerStatus,
  user: string,
): Promise<number> => {
  const script = 'while read -r line; do read -r up rest </proc/uptime; echo "$up"; done';
  const shell = lab.start(lab.sshCommand(worker.address, user, ['sh', '-c', `'${script}'`]), {
    timeoutMs: 60_000,
    stdin: 'pipe',
  });
  const lines = shell[Symbol.asyncIterator]();
  let best = { roundTripMs: Infinity, startMs: 0 };
  try {
    for (let round = 0; round < 15; round += 1) {
      const sentMs = performance.now();
      shell.stdin?.write('\n');
      const { value, done } = await lines.next();
      if (done === true) break;
      const receivedMs = performance.now();
      const roundTripMs = receivedMs - sentMs;
      const startMs = (sentMs + receivedMs) / 2 - Number(value) * 1000;
      if (roundTripMs < best.roundTripMs) best = { roundTripMs, startMs };
    }
  } finally {
    shell.kill();
    await shell;
  }
  if (best.roundTripMs === Infinity)
    throw new Failure({ step, message: `${worker.name}: did not tell its uptime` });
  return best.startMs;
};
