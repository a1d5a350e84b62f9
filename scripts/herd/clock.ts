// QuickJS's os module with a clock that the benchmark leads: the agent's sleeps take no real time.
// The bundle imports this file in place of `os`; nothing else of it is changed. Descriptor 3 leads to
// the benchmark: `N MS PROGRAM` says that a program starts at that moment of the node's time, `S MS`
// that the node sleeps until then, which is answered with one byte when it is that late.
import * as os from 'os';
import * as std from 'std';

export * from 'os';

const controlFd = 3;
/** What each program of a boot takes of the node's time; measured on a boot alone. */
const programMs = Number(std.getenv('HERD_PROGRAM_MS'));
const reply = new ArrayBuffer(1);
let nowMs = 0;
let isProgramRunning = false;

const say = (line: string): void => {
  const bytes = Uint8Array.from(`${line}\n`, (letter) => letter.charCodeAt(0));
  if (os.write(controlFd, bytes.buffer, 0, bytes.length) !== bytes.length) std.exit(99);
};

export const now = (): number => nowMs;

export const sleep = (durationMs: number): void => {
  // Between two looks at a child's output: real work, whose time is `programMs`.
  if (isProgramRunning) {
    os.sleep(durationMs);
    return;
  }
  nowMs += durationMs;
  say(`S ${nowMs}`);
  if (os.read(controlFd, reply, 0, 1) !== 1) std.exit(99);
};

export const exec: typeof os.exec = (args, options) => {
  nowMs += programMs;
  isProgramRunning = true;
  say(`N ${nowMs} ${args[0]}`);
  return os.exec(args, options);
};

export const waitpid: typeof os.waitpid = (pid, options) => {
  isProgramRunning = false;
  return os.waitpid(pid, options);
};
