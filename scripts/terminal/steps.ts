// Steps of a command -> one line each: name, what was done, how long it took.
// On a terminal the running step is redrawn with its elapsed time; elsewhere lines are plain.
import { Failure } from './failure.ts';

const nameWidth = 11;
const textWidth = 58;
/** Elapsed time is only worth reading from here on. */
const elapsedShownFromMs = 1000;
/** A pipe gets a sign of life this often, so that a CI log shows what is slow. */
const plainProgressMs = 60_000;

/** 950 -> `0.9s`, 61 500 -> `1m02s`. */
export const formatElapsed = (elapsedMs: number): string => {
  const seconds = elapsedMs / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
};

/** One finished line: `name       text                    elapsed`. */
export const formatStep = (name: string, text: string, elapsedMs = 0): string => {
  const head = `${name.padEnd(nameWidth - 1)} ${text}`;
  if (elapsedMs < elapsedShownFromMs) return head;
  return `${head.padEnd(nameWidth + textWidth - 1)}  ${formatElapsed(elapsedMs)}`;
};

export interface RunningStep {
  /** Replaces the text shown while the step runs. */
  update(text: string): void;
}

export interface Steps {
  /** A line without work behind it. */
  line(name: string, text: string): void;
  /**
   * Runs `work` under a name; `running` is shown meanwhile and `done` makes the final text.
   * An error from `work` passes through; the caller's caller prints it.
   */
  run<T>(
    name: string,
    running: string,
    work: (step: RunningStep) => Promise<T>,
    done: (value: T) => string,
  ): Promise<T>;
}

export interface StepsOutput {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** Steps that print to `output`; `NO_COLOR` has no meaning here, no colour is used. */
export const createSteps = (output: StepsOutput = process.stdout): Steps => {
  const redraws = output.isTTY === true && process.env['TERM'] !== 'dumb';
  const clear = redraws ? '\r\u001B[2K' : '';
  /** Steps that run side by side share the one line that is redrawn. */
  const running = new Set<() => string>();
  const redraw = () => {
    const [first, ...others] = running;
    if (first === undefined) return;
    const more = others.length === 0 ? '' : `  and ${others.length} more`;
    output.write(`${clear}${first()}${more}`);
  };
  return {
    line: (name, text) => {
      output.write(`${running.size > 0 ? clear : ''}${formatStep(name, text)}\n`);
      if (redraws) redraw();
    },
    run: async (name, initialText, work, done) => {
      const startedMs = performance.now();
      let text = initialText;
      const current = () => formatStep(name, text, performance.now() - startedMs);
      running.add(current);
      if (redraws) redraw();
      const draw = redraws ? redraw : () => output.write(`${current()} ...\n`);
      const timer = setInterval(draw, redraws ? 500 : plainProgressMs);
      const step = {
        update: (next: string) => {
          text = next;
          if (redraws) redraw();
        },
      };
      try {
        const value = await work(step);
        output.write(`${clear}${formatStep(name, done(value), performance.now() - startedMs)}\n`);
        return value;
      } catch (error) {
        output.write(clear);
        throw error;
      } finally {
        clearInterval(timer);
        running.delete(current);
        if (redraws) redraw();
      }
    },
  };
};

const indent = (text: string): string => text.replaceAll(/^/gm, ' '.repeat(nameWidth));

/** A failure as its user reads it: line, reason, the tool's tail, hint. */
export const formatFailure = (failure: Failure): string =>
  [
    formatStep(failure.step, failure.message),
    ...(failure.tail ? [indent(failure.tail)] : []),
    ...(failure.hint === undefined ? [] : [indent(`hint: ${failure.hint}`)]),
  ].join('\n');

/**
 * Runs a command's `main`: a Failure is printed and exits 1, a bug keeps its stack and exits 70
 * (EX_SOFTWARE of sysexits.h).
 */
export const runCommand = async (main: () => Promise<number | void>): Promise<void> => {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (error instanceof Failure) {
      process.stderr.write(`${formatFailure(error)}\n`);
      process.exitCode = 1;
      return;
    }
    process.stderr.write(`internal error, please report it\n${String((error as Error).stack)}\n`);
    process.exitCode = 70;
  }
};
