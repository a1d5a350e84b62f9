// A lab as its users hold it: started, asked, stopped. All of it runs elsewhere, in its namespaces.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa, type Options } from 'execa';
import { prepareBinaries } from '../image/binaries.ts';
import { controlPlaneBinaries, namesOf } from '../image/binary-table.ts';
import { readPins } from '../image/pins.ts';
import type { Settings } from '../image/settings.ts';
import { inProject } from '../project/paths.ts';
import { ensurePackages } from '../setup/packages.ts';
import { labPackages } from '../setup/packages-table.ts';
import { Failure, tailOf } from '../terminal/failure.ts';
import type { Steps } from '../terminal/steps.ts';
import type { ControlPlanePrograms } from './control-plane.ts';
import { logTail, waitFor } from './processes.ts';
import { ask, socketOf, type WorkerRequest, type WorkerStatus } from './protocol.ts';
import {
  labFolder,
  readRunning,
  startTicksOf,
  sweepStopped,
  writeState,
  type LabState,
} from './state.ts';

export interface CommandOptions {
  timeoutMs: number;
  input?: string;
}

export interface CommandOutcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const networkTimeoutMs = 30_000;
/** Two workers at once on two busy cores without hardware acceleration take about 90 s. */
const readyTimeoutMs = 6 * 60_000;

/**
 * Arguments of a command that runs inside the lab, with kubectl and its kubeconfig at hand. It is not
 * in the lab's process namespace: nsenter would stand between and pass no signal on, so that a
 * deadline would end nsenter and leave the command.
 */
const insideArgs = (state: LabState, command: readonly string[]): string[] => [
  `--target=${state.pid}`,
  '--net',
  '--mount',
  ...command,
];

const insideEnvironment = (state: LabState): Record<string, string> => ({
  KUBECONFIG: path.join(labFolder(state.name), 'kubeconfig'),
  PATH: `${path.dirname(state.kubectl)}:${process.env['PATH'] ?? ''}`,
});

export class Lab {
  readonly state: LabState;
  readonly folder: string;

  constructor(state: LabState) {
    this.state = state;
    this.folder = labFolder(state.name);
  }

  /** Runs a command inside the VPC, as root. Does not throw for its exit code. */
  async exec(command: readonly string[], options: CommandOptions): Promise<CommandOutcome> {
    const { timeoutMs, input } = options;
    const result = await execa('nsenter', insideArgs(this.state, command), {
      env: insideEnvironment(this.state),
      timeout: timeoutMs,
      reject: false,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    });
    const timedOut = result.timedOut ? `\ngave up after ${timeoutMs / 1000} s` : '';
    return {
      exitCode: result.exitCode ?? 124,
      stdout: result.stdout,
      stderr: result.stderr + timedOut,
    };
  }

  /** The same with the caller's terminal; returns the exit code. */
  async execInherited(command: readonly string[]): Promise<number> {
    const options: Options = {
      env: insideEnvironment(this.state),
      stdio: 'inherit',
      reject: false,
    };
    const result = await execa('nsenter', insideArgs(this.state, command), options);
    return result.exitCode ?? 1;
  }

  kubectl(args: readonly string[], options: CommandOptions): Promise<CommandOutcome> {
    return this.exec(['kubectl', ...args], options);
  }

  /** A command inside the VPC that goes on, e.g. a watch: iterate over its lines, kill it at the end. */
  start(command: readonly string[], options: { timeoutMs: number; stdin?: 'pipe' | 'ignore' }) {
    return execa('nsenter', insideArgs(this.state, command), {
      env: insideEnvironment(this.state),
      timeout: options.timeoutMs,
      stdin: options.stdin ?? 'ignore',
      buffer: false,
      // Its caller ends it, which is no failure.
      reject: false,
    });
  }

  /** A command line that logs in on a worker and runs `remote` there. */
  sshCommand(address: string, user: string, remote: readonly string[]): string[] {
    const sshOptions = [
      ['-i', path.join(this.folder, 'ssh-key')],
      ['-o', 'StrictHostKeyChecking=no'],
      ['-o', 'UserKnownHostsFile=/dev/null'],
      ['-o', 'LogLevel=ERROR'],
      ['-o', 'ConnectTimeout=10'],
      // A rebooting machine does not always say goodbye.
      ['-o', 'ServerAliveInterval=5'],
      ['-o', 'ServerAliveCountMax=3'],
    ].flat();
    return ['ssh', ...sshOptions, `${user}@${address}`, ...remote];
  }

  /** Runs a script as root on a worker, by SSH as an operator would: cloud-init made the login. */
  ssh(
    address: string,
    script: string,
    timeoutMs: number,
    user = 'debian',
  ): Promise<CommandOutcome> {
    const remote = user === 'root' ? ['sh'] : ['sudo', 'sh'];
    return this.exec(this.sshCommand(address, user, remote), { timeoutMs, input: script });
  }

  async workers(): Promise<WorkerStatus[]> {
    return (await ask(this.folder, 'status', null)).workers;
  }

  addWorker(request: WorkerRequest): Promise<WorkerStatus> {
    return ask(this.folder, 'addWorker', request);
  }

  /** Waits until the API server calls the node Ready; a Failure shows the end of its console. */
  async waitReady(worker: WorkerStatus): Promise<void> {
    const options = {
      timeoutMs: readyTimeoutMs,
      intervalMs: 1000,
      logFile: worker.consoleFile,
    };
    await waitFor(worker.name, 'Ready', options, async () => {
      const path_ = '{.status.conditions[?(@.type=="Ready")].status}';
      const { stdout } = await this.kubectl(
        ['get', 'node', worker.nodeName, `--output=jsonpath=${path_}`],
        { timeoutMs: 10_000 },
      );
      if (stdout === 'True') return true;
      const [now] = (await this.workers()).filter(({ name }) => name === worker.name);
      if (now?.running !== false) return false;
      const folder = path.dirname(worker.consoleFile);
      throw new Failure({
        step: worker.name,
        message: 'the virtual machine ended',
        tail: tailOf(
          `${await logTail(path.join(folder, 'qemu.log'))}\n${await logTail(worker.consoleFile)}`,
        ),
      });
    });
  }

  consoleOf(worker: WorkerStatus): Promise<string> {
    return readFile(worker.consoleFile, 'utf8');
  }

  /** Ends every process of the lab and removes its folder. */
  async stop(): Promise<void> {
    if ((await startTicksOf(this.state.pid)) === this.state.startTicks)
      process.kill(this.state.pid, 'SIGKILL');
    const gone = async () => (await startTicksOf(this.state.pid)) !== this.state.startTicks;
    await waitFor('lab', 'stop', { timeoutMs: 20_000, intervalMs: 50 }, gone);
    await rm(this.folder, { recursive: true, force: true });
  }
}

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

/** Boots workers together and waits for each; a line per worker when it is Ready. */
export const bootWorkers = async (
  lab: Lab,
  requests: readonly WorkerRequest[],
  steps: Steps,
): Promise<WorkerStatus[]> => {
  const started = await Promise.all(requests.map((request) => lab.addWorker(request)));
  for (const worker of started)
    await steps.run(
      worker.name,
      'booting',
      () => lab.waitReady(worker),
      () => `${worker.nodeName} ${worker.address} booted, registered, Ready`,
    );
  return started;
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
