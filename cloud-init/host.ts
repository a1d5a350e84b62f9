// The port to the machine: everything that is not computation goes through it. Synchronous, since
// QuickJS has no promises over processes and a boot has nothing to do in between.

export interface Command {
  file: string;
  args: readonly string[];
  /** Written to the program's standard input; the only road for a secret. */
  stdin?: string;
  timeoutMs: number;
}

export interface CommandResult {
  /** 124 when the deadline passed, 127 when there is no such program. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Host {
  run(command: Command): CommandResult;
  /** Undefined when there is no such file; other errors are thrown. */
  readFile(path: string): string | undefined;
  /** Permission bits, or undefined when there is no such file. */
  modeOf(path: string): number | undefined;
  /** Makes the folder and its parents; an existing one is left as it is. */
  makeFolder(path: string, mode: number): void;
  /** Fails when the file exists. The mode holds from the first byte. Errors name path and reason. */
  writeNew(path: string, text: string, mode: number): void;
  rename(from: string, to: string): void;
  /** No error when there is no such file. */
  remove(path: string): void;
  /** Milliseconds since the kernel started. */
  uptimeMs(): number;
  sleepMs(durationMs: number): void;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** One line to the journal. */
  log(level: 'info' | 'warning' | 'error', text: string): void;
  /** One line to the machine's console. */
  console(text: string): void;
}
