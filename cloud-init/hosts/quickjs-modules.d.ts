// What the agent uses of QuickJS 2025-04's modules; from the manual:
// https://bellard.org/quickjs/quickjs.html#Standard-library

declare module 'quickjs:std' {
  export interface File {
    puts(text: string): void;
    flush(): void;
    readAsString(): string;
    /** True after a failed write. */
    error(): boolean;
    /** 0, or a negative errno. */
    close(): number;
  }
  export const err: File;
  export const Error: { ENOENT: number };
  export function fdopen(descriptor: number, flags: 'r' | 'w'): File;
  export function open(path: string, flags: 'r' | 'w'): File | null;
  /** Null when the file cannot be read. */
  export function loadFile(path: string): string | null;
  export function getenv(name: string): string | undefined;
  export function strerror(errno: number): string;
  export function exit(code: number): never;
}

declare module 'quickjs:os' {
  export const O_WRONLY: number;
  export const O_CREAT: number;
  export const O_EXCL: number;
  export interface Stat {
    mode: number;
    size: number;
  }
  export interface ExecOptions {
    block: boolean;
    stdin: number;
    stdout: number;
    stderr: number;
  }
  /** Process id, since `block` is false here. */
  export function exec(args: readonly string[], options: ExecOptions): number;
  export function pipe(): [read: number, write: number] | null;
  export function waitpid(pid: number, options: number): [pid: number, status: number];
  export function open(path: string, flags: number, mode: number): number;
  export function close(descriptor: number): number;
  export function rename(from: string, to: string): number;
  export function remove(path: string): number;
  export function mkdir(path: string, mode: number): number;
  export function stat(path: string): [stat: Stat | null, errno: number];
  export function sleep(durationMs: number): void;
}

declare module 'groundup:templates' {
  /** Inlined by scripts/image/agent.ts. */
  export const templates: import('../render.ts').Templates;
}
