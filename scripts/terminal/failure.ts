// A failure the user can act on: what happened, why, and what to do, without a stack.

export interface FailureDetails {
  /** The step's name, the first column of its line. */
  step: string;
  /** What failed and what was found; lower case, no full stop. */
  message: string;
  /** What the user can do about it. */
  hint?: string;
  /** Last lines of the failed tool's own output. */
  tail?: string;
  cause?: unknown;
}

/** Thrown where a step cannot go on; `runCommand` prints it and exits with 1. */
export class Failure extends Error {
  readonly step: string;
  readonly hint: string | undefined;
  readonly tail: string | undefined;

  constructor({ step, message, hint, tail, cause }: FailureDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.step = step;
    this.hint = hint;
    this.tail = tail;
  }
}

const tailLinesMax = 20;

/** The last lines of a tool's output, blank lines dropped, at most 20. */
export const tailOf = (output: string): string =>
  output
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-tailLinesMax)
    .join('\n');
