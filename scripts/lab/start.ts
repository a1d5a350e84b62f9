// Settings and an image -> a running lab: its supervisor in new namespaces, control plane, workers.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { prepareBinaries } from '../image/binaries.ts';
import { controlPlaneBinaries, namesOf } from '../image/binary-table.ts';
import { readPins } from '../image/pins.ts';
import type { Settings } from '../image/settings.ts';
import { inProject } from '../project/paths.ts';
import { ensurePackages } from '../setup/packages.ts';
import { labPackages } from '../setup/packages-table.ts';
import { Failure } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import type { ControlPlanePrograms } from './control-plane.ts';
import { Lab } from './lab.ts';
import { waitFor } from './processes.ts';
import { ask, socketOf, type WorkerRequest, type WorkerStatus } from './protocol.ts';
import { labFolder, readRunning, startTicksOf, sweepStopped, writeState } from './state.ts';
import { processorsPerWorker } from './vm.ts';

const networkTimeoutMs = 30_000;

export interface LabOptions {
  name: string;
  settings: Settings;
  imageFile: string;
  steps: Steps;
}

const ensureHost = async (): Promise<void> => {
  if (process.getuid?.() !== 0)
    throw new Failure({
      step: 'lab',
      message: 'needs root: network namespaces and taps',
      hint: 'sudo npm run lab -- up',
    });
  await access('/dev/net/tun').catch(() => {
    throw new Failure({
      step: 'lab',
      message: '/dev/net/tun is missing: virtual machines cannot be connected',
      hint: 'modprobe tun',
    });
  });
};

/** The supervisor in new namespaces; its pid as seen from here. */
const startSupervisor = async (folder: string): Promise<{ child: ChildProcess; pid: number }> => {
  const log = openSync(path.join(folder, 'supervisor.log'), 'a', 0o600);
  const namespaces = ['--net', '--mount', '--pid', '--ipc', '--fork', '--kill-child'];
  const supervisor = [process.execPath, inProject('scripts/lab/supervisor.ts'), folder];
  const child = spawn('unshare', [...namespaces, '--mount-proc', ...supervisor], {
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  let pid = 0;
  await waitFor(
    'vpc',
    'network, DHCP, DNS, metadata, Secrets Manager',
    {
      service: { name: 'the supervisor', logFile: path.join(folder, 'supervisor.log'), child },
      timeoutMs: networkTimeoutMs,
      intervalMs: 50,
    },
    async () => {
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      pid = Number(children.trim());
      await access(socketOf(folder));
      return pid > 0;
    },
  );
  return { child, pid };
};

const preparePrograms = async ({ settings, steps }: LabOptions): Promise<ControlPlanePrograms> => {
  const names = namesOf(controlPlaneBinaries);
  const binaries = await prepareBinaries({ names, settings, pins: await readPins(), steps });
  return Object.fromEntries(binaries.map(({ name, file }) => [name, file])) as ControlPlanePrograms;
};

/** A lab that ends with this process unless `keep` is called. */
export const startLab = async (options: LabOptions): Promise<{ lab: Lab; keep: () => void }> => {
  const { name, settings, imageFile, steps } = options;
  await ensureHost();
  await ensurePackages(steps, labPackages);
  await sweepStopped();
  if ((await readRunning(name)) !== undefined)
    throw new Failure({
      step: 'lab',
      message: `${name} is running already`,
      hint: 'npm run lab -- status, npm run lab -- down, or another --name',
    });
  const programs = await preparePrograms(options);
  const folder = labFolder(name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path.join(folder, 'owner'), String(process.pid), { mode: 0o600 });
  const { child, pid } = await steps.run(
    'vpc',
    '172.31.0.0/24 in its own namespace',
    () => startSupervisor(folder),
    () => '172.31.0.0/24 in its own namespace: DHCP, DNS, metadata, Secrets Manager',
  );
  const startTicks = (await startTicksOf(pid)) ?? '';
  const { kubernetes } = settings;
  const lab = new Lab({ name, pid, startTicks, imageFile, kubernetes, kubectl: programs.kubectl });
  try {
    await steps.run(
      'control',
      'etcd, kube-apiserver, controller-manager, scheduler',
      () => ask(folder, 'startControlPlane', programs),
      () => `etcd, kube-apiserver ${kubernetes}, controller-manager, scheduler`,
    );
    await writeState(lab.state);
  } catch (error) {
    await lab.stop();
    throw error;
  }
  const keep = () => {
    child.stdin?.end('keep\n');
    child.unref();
  };
  return { lab, keep };
};

/**
 * Boots as many workers at a time as there are processors for, and waits for each; a line per worker when it
 * is Ready. Two that share their processors each take twice as long, and longer than anybody expects.
 */
export const bootWorkers = async (
  lab: Lab,
  requests: readonly WorkerRequest[],
  steps: Steps,
): Promise<WorkerStatus[]> => {
  const together = Math.max(1, Math.floor(availableParallelism() / processorsPerWorker));
  const workers: WorkerStatus[] = [];
  for (let first = 0; first < requests.length; first += together) {
    const next = requests.slice(first, first + together);
    const started = await Promise.all(next.map((request) => lab.addWorker(request)));
    for (const worker of started)
      await steps.run(
        worker.name,
        'booting',
        () => lab.waitReady(worker),
        () => `${worker.nodeName} ${worker.address} booted, registered, Ready`,
      );
    workers.push(...started);
  }
  return workers;
};

/** The running lab of that name; a Failure when there is none. */
export const findLab = async (name: string): Promise<Lab> => {
  const state = await readRunning(name);
  if (state === undefined)
    throw new Failure({
      step: 'lab',
      message: `${name} is not running`,
      hint: 'npm run lab -- up --workers 2',
    });
  return new Lab(state);
};
