// Rows of boots -> a table for the terminal: a group of columns for each boot.
import type { BootTimeline } from './read.ts';
import { eventWidth, rowsOf, type Cell } from './rows.ts';

const numberWidth = 9;
const gap = '  ';
const columns = ['seconds', 'delta', 'MiB'] as const;
const groupWidth = columns.length * numberWidth;

const formatCell = (cell: Cell | undefined): string => {
  const { seconds, previousSeconds, readMib } = cell ?? {};
  const since =
    seconds === undefined || previousSeconds === undefined ? undefined : seconds - previousSeconds;
  return [
    seconds?.toFixed(1),
    since === undefined ? '' : `+${since.toFixed(1)}`,
    readMib?.toFixed(1),
  ]
    .map((text = '') => text.padStart(numberWidth))
    .join('');
};

const fit = (label: string): string =>
  label.length < groupWidth ? label : `…${label.slice(label.length - groupWidth + 2)}`;

/** `delta` is the time since the event before it in the same boot. */
export const formatText = (boots: readonly BootTimeline[]): string => {
  const line = (head: string, groups: readonly string[]) =>
    [head.padEnd(eventWidth), ...groups].join(gap).trimEnd();
  const titles = columns.map((name) => name.padStart(numberWidth)).join('');
  return [
    line(
      '',
      boots.map(({ label }) => fit(label).padStart(groupWidth)),
    ),
    line(
      'event',
      boots.map(() => titles),
    ),
    ...rowsOf(boots).map(({ event, cells }) => line(event, cells.map(formatCell))),
  ].join('\n');
};
