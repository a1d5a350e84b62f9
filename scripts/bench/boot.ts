// One boot of one disk in the lab -> when userspace, network, kubelet and Ready came, and what was read.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { ask, type WorkerStatus } from '../lab/protocol.ts';
import { Failure, tailOf } from '../terminal/failure.ts';

/** Seconds since the kernel started; bytes and requests of the root disk up to Ready. */
export interface BootFigures {
  userspaceSeconds: number;
  networkSeconds: number;
  kubeletSeconds: number;
  readySeconds: number;
  readMib: number;
  reads: number;
}

export interface BootOptions {
  imageFile: string;
  /** Who logs in afterwards to read the figures. */
  sshUser: 'root' | 'debian';
}

const readyTimeoutMs = 6 * 60_000;
const loginTimeoutMs = 6 * 60_000;

/** The moment, on this machine's clock, when the API server first calls a node Ready. */
const watchReady = async (lab: Lab, worker: WorkerStatus): Promise<number> => {
  const format = '{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}';
  const watch = lab.start(['kubectl', 'get', 'nodes', '--watch', `--output=jsonpath=${format}`], {
    timeoutMs: readyTimeoutMs,
  });
  for await (const line of watch)
    if (line.trim() === `${worker.nodeName} True`) {
      const readyMs = performance.now();
      watch.kill();
      return readyMs;
    }
  throw new Failure({
    step: 'bench',
    message: `${worker.name} was not Ready within ${readyTimeoutMs / 60_000} min`,
    tail: tailOf(await lab.consoleOf(worker)),
  });
};

const awaitLogin = async (lab: Lab, worker: WorkerStatus, user: string): Promise<void> => {
  const endMs = performance.now() + loginTimeoutMs;
  for (;;) {
    const { exitCode, stderr } = await lab.ssh(worker.address, 'true', 30_000, user);
    if (exitCode === 0) return;
    if (performance.now() > endMs)
      throw new Failure({ step: 'bench', message: `${worker.name}: no login`, tail: stderr });
    await sleep(2000);
  }
};

/** Asks the node for its uptime over an open connection; the quickest answer is the best. */
const clockOffsetMs = async (lab: Lab, worker: WorkerStatus, user: string): Promise<number> => {
  const script = 'while read -r line; do read -r up rest </proc/uptime; echo "$up"; done';
  const shell = lab.start(lab.sshCommand(worker.address, user, ['sh', '-c', `'${script}'`]), {
    timeoutMs: 60_000,
    stdin: 'pipe',
  });
  const lines = shell[Symbol.asyncIterator]();
  let best = { roundTripMs: Infinity, offsetMs: 0 };
  try {
    for (let round = 0; round < 15; round += 1) {
      const sentMs = performance.now();
      shell.stdin?.write('\n');
      const { value, done } = await lines.next();
      if (done === true) break;
      const receivedMs = performance.now();
      const roundTripMs = receivedMs - sentMs;
      const offsetMs = (sentMs + receivedMs) / 2 - Number(value) * 1000;
      if (roundTripMs < best.roundTripMs) best = { roundTripMs, offsetMs };
    }
  } finally {
    shell.kill();
    await shell;
  }
  if (best.roundTripMs === Infinity)
    throw new Failure({ step: 'bench', message: `${worker.name}: did not tell its uptime` });
  return best.offsetMs;
};

const moments = {
  userspace: 'systemctl show --property=UserspaceTimestampMonotonic --value',
  waitOnline:
    'systemctl show --property=ActiveEnterTimestampMonotonic --value systemd-networkd-wait-online.service',
  networkOnline:
    'systemctl show --property=ActiveEnterTimestampMonotonic --value network-online.target',
  // Ours starts no wait-online: its agent keeps the moment, in milliseconds.
  agent: String.raw`{ sed -n 's/.*"network-online","uptimeMs":\([0-9]*\).*/\1000/p' /var/lib/groundup/timeline.jsonl; echo 0; } 2>/dev/null | head -n 1`,
  kubelet: 'systemctl show --property=ExecMainStartTimestampMonotonic --value kubelet.service',
} as const;

/** Microseconds, one a line, in the order of `moments` -> seconds; 0 means that it never happened. */
export const parseMoments = (output: string): Record<keyof typeof moments, number> => {
  const values = output
    .trim()
    .split('\n')
    .map((text) => Number(text) / 1e6);
  return Object.fromEntries(
    Object.keys(moments).map((name, index) => [name, values[index] ?? Number.NaN]),
  ) as Record<keyof typeof moments, number>;
};

/** Boots `imageFile` as worker-0, reads its figures and runs `whileUp`; the worker is gone after. */
export const measureBoot = async (
  lab: Lab,
  { imageFile, sshUser }: BootOptions,
  whileUp: (worker: WorkerStatus) => Promise<void> = async () => {},
): Promise<BootFigures> => {
  const worker = await lab.addWorker({ index: 0, imageFile });
  try {
    const readyMs = await watchReady(lab, worker);
    const { readBytes, readOperations } = await ask(lab.folder, 'blockStatistics', {
      name: worker.name,
    });
    await awaitLogin(lab, worker, sshUser);
    const offsetMs = await clockOffsetMs(lab, worker, sshUser);
    const script = Object.values(moments).join('\n');
    const { stdout } = await lab.ssh(worker.address, script, 60_000, sshUser);
    const { userspace, waitOnline, networkOnline, agent, kubelet } = parseMoments(stdout);
    await whileUp(worker);
    return {
      userspaceSeconds: userspace,
      networkSeconds: [agent, waitOnline, networkOnline].find((seconds) => seconds > 0) ?? 0,
      kubeletSeconds: kubelet,
      readySeconds: (readyMs - offsetMs) / 1000,
      readMib: readBytes / 1024 ** 2,
      reads: readOperations,
    };
  } finally {
    await ask(lab.folder, 'stopWorker', { name: worker.name });
    await lab.kubectl(['delete', 'node', worker.nodeName, '--ignore-not-found'], {
      timeoutMs: 60_000,
    });
  }
};
