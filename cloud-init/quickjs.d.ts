// Types of the parts of QuickJS's modules that the agent uses.
// https://bellard.org/quickjs/quickjs.html#Standard-library
declare module 'os' {
  export const O_RDONLY: number;
  export const O_WRONLY: number;
  export const O_CREAT: number;
  export const O_EXCL: number;
  export const S_IFMT: number;
  export const S_IFREG: number;
  export const S_IFDIR: number;
  /** These return a negative errno on failure. */
  export function open(path: string, flags: number, mode?: number): number;
  export function close(fd: number): number;
  export function read(fd: number, buffer: ArrayBuffer, offset: number, length: number): number;
  export function write(fd: number, buffer: ArrayBuffer, offset: number, length: number): number;
  export function remove(path: string): number;
  export function rename(from: string, to: string): number;
  export function mkdir(path: string, mode?: number): number;
  export function kill(pid: number, signal: number): number;
  export function stat(path: string): [{ mode: number } | null, number];
  export function pipe(): [number, number] | null;
  export function exec(
    args: string[],
    options: { block: boolean; stdin?: number; stdout?: number; stderr?: number },
  ): number;
  /** The pid and its status as of wait(2). */
  export function waitpid(pid: number, options: number): [number, number];
  export function sleep(durationMs: number): void;
  /** Milliseconds of the monotonic clock. */
  export function now(): number;
}

declare module 'std' {
  export const err: { puts(text: string): void };
  export const out: { puts(text: string): void };
  export function loadFile(path: string): string | null;
  export function getenv(name: string): string | undefined;
  export function exit(code: number): never;
  export function strerror(errno: number): string;
}

declare const scriptArgs: string[];

/** What the bundler makes of a template, see scripts/image/agent.ts. */
declare module '*.mustache' {
  const template: import('./render.ts').Template;
  export default template;
}
