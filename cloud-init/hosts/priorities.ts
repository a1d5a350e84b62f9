// Names of priorities -> the numbers that journald reads at the start of a line.
import type { Priority } from './host.ts';

const numbers: Record<Priority, number> = { error: 3, warning: 4, notice: 5, info: 6 };

/** A line for stderr; every line of the text gets the prefix, since journald reads line by line. */
export const formatLogLine = (priority: Priority, text: string): string =>
  text
    .split('\n')
    .map((line) => `<${numbers[priority]}>${line}\n`)
    .join('');

/** On a line of its own: a login prompt may stand on the console, waiting. */
export const formatConsoleLine = (text: string): string => `\n${text}\n`;
