// A program and its arguments -> its output, with a deadline; its failure as a Failure with a tail.
import { execa, ExecaError, type Options } from 'execa';
import path from 'node:path';
import { Failure, tailOf } from '../terminal/failure.ts';
import { formatElapsed } from '../terminal/steps.ts';

export interface ToolOptions {
  /** The step under which a failure is reported. */
  step: string;
  timeoutMs: number;
  hint?: string;
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
  signal?: AbortSignal;
  /** Called with each line of stdout and stderr as it comes. */
  onLine?: (line: string) => void;
}

/** True when `--verbose` was given: the tools' own output goes to stderr as well. */
export const isVerbose = (): boolean => process.env['GROUNDUP_VERBOSE'] === '1';

/** What became of a program, without its arguments: they are long, and --verbose is for them. */
const describe = (file: string, error: ExecaError): string => {
  const name = path.basename(file);
  if (error.timedOut) return `${name} was still running after ${formatElapsed(error.durationMs)}`;
  if (error.code === 'ENOENT') return `${name}: there is no such program`;
  if (error.signal !== undefined) return `${name} was ended by ${error.signal}`;
  if (error.exitCode !== undefined) return `${name} ended with exit code ${error.exitCode}`;
  return error.shortMessage;
};

/** Runs `file` with `args`; returns its stdout without the final newline. */
export const runTool = async (
  file: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<string> => {
  const { step, timeoutMs, hint, cwd, env, input, signal, onLine } = options;
  const settings: Options = {
    timeout: timeoutMs,
    forceKillAfterDelay: 5000,
    stdin: input === undefined ? 'ignore' : 'pipe',
    all: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  };
  if (isVerbose()) process.stderr.write(`+ ${[file, ...args].join(' ')}\n`);
  try {
    const child = execa(file, args, settings);
    child.all?.on('data', (chunk: Buffer) => {
      if (isVerbose()) process.stderr.write(chunk);
      if (onLine)
        for (const line of String(chunk).split('\n')) if (line.trim() !== '') onLine(line);
    });
    const { stdout } = await child;
    return String(stdout);
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new Failure({
      step,
      message: describe(file, error),
      tail: tailOf(String(error.all)),
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
};
