// One node of the herd: the agent's bundle as a process, in time that the benchmark leads.
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

export interface NodeOptions {
  root: string;
  bundle: string;
  programsFolder: string;
  imdsUrl: string;
  secretsUrl: string;
  programMs: number;
}

/** Where a node is when it does not run: asleep until a moment of its time, or at its end. */
export type Pause = { untilMs: number } | { exitCode: number; journal: string };

export interface HerdNode {
  /** The node's own time, from its start. */
  nowMs: number;
  /** Programs that it has run. */
  programs: number;
  /** Starts or wakes it; resolves at its next pause. */
  proceed(): Promise<Pause>;
  kill(): void;
}

const start = (options: NodeOptions): ChildProcess =>
  spawn('qjs', ['--std', '-m', options.bundle, 'configure'], {
    cwd: options.root,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      PATH: [path.join(options.root, 'bin'), options.programsFolder, process.env['PATH']].join(':'),
      GROUNDUP_ROOT: options.root,
      GROUNDUP_IMDS_URL: options.imdsUrl,
      GROUNDUP_SECRETS_URL: options.secretsUrl,
      HERD_PROGRAM_MS: String(options.programMs),
    },
  });

/** Not started before its first `proceed`. */
export const createNode = (options: NodeOptions): HerdNode => {
  let child: ChildProcess | undefined;
  let settle: { resolve: (pause: Pause) => void; reject: (error: Error) => void } | undefined;
  let journal = '';
  const onLine = (line: string): void => {
    const [kind, atMs] = line.split(' ');
    node.nowMs = Number(atMs);
    if (kind === 'S') settle?.resolve({ untilMs: node.nowMs });
    else node.programs += 1;
  };
  const launch = (): void => {
    child = start(options);
    child.on('error', (error) => settle?.reject(error));
    child.stderr?.on('data', (piece: Buffer) => (journal += piece.toString()));
    createInterface({ input: child.stdio[3] as Duplex }).on('line', onLine);
    child.on('close', (code) => settle?.resolve({ exitCode: code ?? -1, journal }));
  };
  const node: HerdNode = {
    nowMs: 0,
    programs: 0,
    proceed: () =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        if (child === undefined) launch();
        else (child.stdio[3] as Duplex).write('.');
      }),
    kill: () => void child?.kill('SIGKILL'),
  };
  return node;
};
