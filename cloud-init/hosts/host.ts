// What the agent needs from the machine it runs on, and nothing more: the port between the pure core
// and its three adapters (QuickJS on the node, Node for tests, a fake for provoked failures).
import type { Secret } from '../secret.ts';

export interface RunOptions {
  /** Written to the child's standard input, which is then closed; at most 60 KiB. */
  stdin?: string | Secret;
  /** After this the child is killed. */
  timeoutMs: number;
  /** Called with each finished line of standard output; `true` kills the child and ends the run. */
  onLine?: (line: string) => boolean;
  /** Called each time that the child has said nothing for a moment. */
  onPause?: () => void;
  /** How long a child that says nothing is left alone at most; 50 unless told. */
  pauseMsMax?: number;
}

export interface RunResult {
  /** 127 when the program does not exist, 124 when the time was up. */
  exitCode: number;
  /**
   * Decoded as UTF-8, or one character a byte when it is none, e.g. compressed user-data. May hold
   * secrets, so it is never logged.
   */
  stdout: string;
  stderr: string;
}

export interface FileStatus {
  kind: 'file' | 'folder' | 'other';
  /** Permission bits only, e.g. 0o600. */
  mode: number;
}

/** journald's priorities, as `<N>` prefixes of a line on stderr. */
export type Priority = 'error' | 'warning' | 'notice' | 'info';

/** A system call that failed; the message is the system's own, e.g. `No space left on device`. */
export class HostError extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.name = 'HostError';
    this.path = path;
  }
}

/** File operations throw a HostError; a missing file is `undefined`, not an error. */
export interface Host {
  run(file: string, args: readonly string[], options: RunOptions): RunResult;
  sleep(durationMs: number): void;
  /** A path of the node as the programs of `run` find it: tests keep the node below a folder. */
  place(path: string): string;
  /** UTF-8 text of a file. */
  readFile(path: string): string | undefined;
  status(path: string): FileStatus | undefined;
  makeFolder(path: string, mode: number): void;
  /** Creates a file that must not exist, with its mode from the first byte. */
  createFile(path: string, content: string, mode: number): void;
  /** For the bits that a umask took away when file or folder were made. */
  setMode(paths: readonly string[], mode: number): void;
  /** Returns when the files' bytes are on the disk. */
  flush(paths: readonly string[]): void;
  rename(from: string, to: string): void;
  /** Removes a file or an empty folder; does nothing when there is none. */
  remove(path: string): void;
  /** Monotonic time since the kernel started. */
  uptimeMs(): number;
  /** The clock on the wall, since 1970: it may be set while the machine runs. */
  epochMs(): number;
  /** From 0 up to 1, for jitter. */
  random(): number;
  /** One line to the journal. */
  log(priority: Priority, line: string): void;
  /** One line to the machine's console; a console that is not there is no error. */
  console(line: string): void;
}
