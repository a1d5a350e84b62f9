// A running lab as its users hold it: asked, logged in to, stopped. All of it runs in its namespaces.
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa, type Options } from 'execa';
import { Failure, tailOf } from '../terminal/failure.ts';
import { logTail, waitFor } from './processes.ts';
import { ask, type WorkerRequest, type WorkerStatus } from './protocol.ts';
import { labFolder, startTicksOf, type LabState } from './state.ts';

export interface CommandOptions {
  timeoutMs: number;
  input?: string;
}

export interface CommandOutcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

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
      const refusal = /^groundup: NOT configured: .*$/m.exec(await this.consoleOf(worker))?.[0];
      if (refusal !== undefined) throw new Failure({ step: worker.name, message: refusal });
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
