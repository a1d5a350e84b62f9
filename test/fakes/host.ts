// A node in memory: files, a clock, and the programs that the agent may run. A program or an address
// that the test did not foresee is an error, so that nothing passes unnoticed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  HostError,
  type FileStatus,
  type Host,
  type RunOptions,
  type RunResult,
} from '../../cloud-init/hosts/host.ts';
import { networkStatePath } from '../../cloud-init/network.ts';
import { reveal } from '../../cloud-init/secret.ts';

export interface FakeResponse {
  /** 0: no answer. */
  status: number;
  body?: string;
  error?: string;
}

export interface FakeOptions {
  /** Path -> content of files that are there before; mode 0644. */
  files?: Record<string, string>;
  /** Answers curl's requests; `tries` counts the requests for that address. */
  answer: (url: string, tries: number, config: string) => FakeResponse;
  /** Programs other than curl. */
  programs?: Record<string, (args: readonly string[], stdin: string) => Partial<RunResult>>;
  /** Bytes that fit on the disk. */
  capacityBytes?: number;
  /** Called before each file operation; throws what the operation is to throw. */
  beforeWrite?: (operation: 'create' | 'rename' | 'makeFolder' | 'flush', path: string) => void;
  /** Mode bits that a umask takes away. */
  umask?: number;
}

interface Entry {
  kind: 'file' | 'folder';
  mode: number;
  content: string;
  /** Tells a rewritten file from one that was left alone, as an inode does. */
  inode: number;
}

export interface FakeHost extends Host {
  entries: Map<string, Entry>;
  journal: string[];
  consoleLines: string[];
  /** Programs with their arguments, in order. */
  ran: string[];
  /** Addresses in order. */
  asked: string[];
  /** Everything that went into a program's standard input. */
  stdins: string[];
  sleepsMs: number[];
}

const textOfOption = (block: string, name: string): string => {
  const quoted = new RegExp(`^${name} = "(.*)"$`, 'm').exec(block)?.[1] ?? '';
  return quoted.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
};

/** Plays curl: one response for each block of the config, each with its trailer. */
const createCurl =
  (asked: string[], answer: FakeOptions['answer']) =>
  (_args: readonly string[], config: string): Partial<RunResult> => {
    const outputs = config.split('\nnext\n').map((block) => {
      const url = textOfOption(block, 'url');
      asked.push(url);
      const tries = asked.filter((other) => other === url).length;
      const { status, body = '', error = '' } = answer(url, tries, block);
      const trailer = textOfOption(block, 'write-out')
        .replace('%{http_code}', String(status).padStart(3, '0'))
        .replace('%{errormsg}', error);
      return `${body}${trailer}`;
    });
    return { stdout: outputs.join('') };
  };

/** The machine's own openssl; what it is to trust is in memory. */
const runOpenssl =
  (entries: ReadonlyMap<string, Entry>) =>
  (args: readonly string[], input: string): Partial<RunResult> => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'groundup-openssl-')), 'issuer.pem');
    try {
      writeFileSync(file, entries.get(args.at(-1) ?? '')?.content ?? '');
      const options = { input, encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync(
        'openssl',
        [...args.slice(0, -1), file],
        options,
      );
      return { exitCode: status ?? 127, stdout, stderr };
    } finally {
      rmSync(path.dirname(file), { recursive: true });
    }
  };

/** What networkd says of an instance with an address, unless a test brings another file. */
const networkState = 'OPER_STATE=routable\nIPV4_ADDRESS_STATE=routable\n';

const createFiles = (options: FakeOptions, entries: Map<string, Entry>) => {
  let inode = 0;
  const { umask = 0, capacityBytes = Infinity, beforeWrite = () => {} } = options;
  const put = (path: string, entry: Omit<Entry, 'inode'>) => {
    inode += 1;
    entries.set(path, { ...entry, inode });
  };
  const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
  for (const folder of ['/etc', '/etc/groundup', '/var', '/var/lib', '/run', '/run/groundup'])
    put(folder, { kind: 'folder', mode: 0o755, content: '' });
  for (const [path, content] of Object.entries(options.files ?? {}))
    put(path, { kind: 'file', mode: 0o644, content });
  const needParent = (path: string) => {
    if (!entries.has(parentOf(path))) throw new HostError(path, 'No such file or directory');
  };
  return {
    readFile: (path: string) =>
      entries.get(path)?.content ?? (path === networkStatePath ? networkState : undefined),
    status: (path: string): FileStatus | undefined => {
      const found = entries.get(path);
      return found === undefined ? undefined : { kind: found.kind, mode: found.mode };
    },
    makeFolder: (path: string, mode: number) => {
      beforeWrite('makeFolder', path);
      needParent(path);
      put(path, { kind: 'folder', mode: mode & ~umask, content: '' });
    },
    createFile: (path: string, content: string, mode: number) => {
      beforeWrite('create', path);
      needParent(path);
      if (entries.has(path)) throw new HostError(path, 'File exists');
      const used = [...entries.values()].reduce((sum, entry) => sum + entry.content.length, 0);
      // As on a real disk, the file is there, cut short, when there is no more room.
      const fitting = content.slice(0, Math.max(0, capacityBytes - used));
      put(path, { kind: 'file', mode: mode & ~umask, content: fitting });
      if (fitting !== content) throw new HostError(path, 'No space left on device');
    },
    setMode: (paths: readonly string[], mode: number) => {
      for (const path of paths) {
        const found = entries.get(path);
        if (found !== undefined) found.mode = mode;
      }
    },
    flush: (paths: readonly string[]) => {
      // As coreutils' sync --data.
      if (paths.length === 0) throw new HostError('sync', '--data needs at least one argument');
      for (const path of paths) beforeWrite('flush', path);
    },
    rename: (from: string, to: string) => {
      beforeWrite('rename', to);
      const found = entries.get(from);
      if (found === undefined) throw new HostError(from, 'No such file or directory');
      entries.delete(from);
      entries.set(to, found);
    },
    remove: (path: string) => void entries.delete(path),
  };
};

/** When the kernel of each fake node started. */
export const fakeEpochMs = Date.parse('2026-11-30T02:00:00Z');

export const createFakeHost = (options: FakeOptions): FakeHost => {
  const entries = new Map<string, Entry>();
  const journal: string[] = [];
  const consoleLines: string[] = [];
  const ran: string[] = [];
  const asked: string[] = [];
  const stdins: string[] = [];
  const sleepsMs: number[] = [];
  let nowMs = 2000;
  const programs: NonNullable<FakeOptions['programs']> = {
    curl: createCurl(asked, options.answer),
    systemctl: () => ({}),
    openssl: runOpenssl(entries),
    rm: (args) => {
      const folders = args.filter((arg) => arg.startsWith('/'));
      for (const path of entries.keys())
        if (folders.some((folder) => path === folder || path.startsWith(`${folder}/`)))
          entries.delete(path);
      return {};
    },
    ...options.programs,
  };
  const run = (
    file: string,
    args: readonly string[],
    { stdin = '', onLine, onPause }: RunOptions,
  ) => {
    const program = programs[file];
    if (program === undefined) throw new Error(`the test has no program ${file}`);
    ran.push([file, ...args].join(' '));
    stdins.push(reveal(stdin));
    // Every program takes a little time: a loop without sleeping comes to its deadline, too.
    nowMs += 10;
    onPause?.();
    const { exitCode = 0, stdout = '', stderr = '' } = program(args, reveal(stdin));
    for (const line of onLine === undefined ? [] : stdout.split('\n'))
      if (onLine?.(line) === true) return { exitCode: 0, stdout: '', stderr };
    return { exitCode, stdout, stderr };
  };
  return {
    ...createFiles(options, entries),
    run,
    place: (path) => path,
    sleep: (durationMs) => {
      sleepsMs.push(durationMs);
      nowMs += durationMs;
    },
    uptimeMs: () => nowMs,
    epochMs: () => fakeEpochMs + nowMs,
    random: () => 0.5,
    log: (priority, line) => void journal.push(`${priority}: ${line}`),
    console: (line) => void consoleLines.push(line),
    entries,
    journal,
    consoleLines,
    ran,
    asked,
    stdins,
    sleepsMs,
  };
};
