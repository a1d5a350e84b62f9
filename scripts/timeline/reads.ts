// Rows of boots -> the lower part of the picture: MiB read so far, a line for each boot.
import type { Frame } from './bars.ts';
import { element, textAt } from './markup.ts';
import type { Row } from './rows.ts';
import { createScale, type Scale } from './scale.ts';

export const readsHeight = 190;

interface Point {
  event: string;
  seconds: number;
  readMib: number;
}

const pointsOf = (rows: readonly Row[], boot: number): Point[] =>
  rows
    .flatMap(({ event, cells }): Point[] => {
      const { seconds, readMib } = cells[boot] ?? {};
      return seconds === undefined || readMib === undefined ? [] : [{ event, seconds, readMib }];
    })
    .toSorted((a, b) => a.seconds - b.seconds);

/** Nothing where no boot knows how much it read. */
export const drawReads = (
  rows: readonly Row[],
  boots: number,
  top: number,
  { frame, scale }: { frame: Frame; scale: Scale },
): string[] => {
  const lines = Array.from({ length: boots }, (_, boot) => pointsOf(rows, boot));
  const largest = Math.max(0, ...lines.flat().map(({ readMib }) => readMib));
  if (largest === 0) return [];
  const bottom = top + readsHeight;
  const mib = createScale(largest, [bottom, top + 10], 5);
  return [
    ...mib.ticks.flatMap((tick) => [
      element('line', {
        class: 'grid',
        x1: frame.left,
        x2: frame.right,
        y1: mib.at(tick),
        y2: mib.at(tick),
      }),
      textAt(frame.left - 10, mib.at(tick) + 4, String(tick), {
        class: 'tick',
        'text-anchor': 'end',
      }),
    ]),
    textAt(frame.left - 52, top + readsHeight / 2, 'MiB read', {
      class: 'event',
      'text-anchor': 'end',
    }),
    ...lines.flatMap((points, boot) => {
      const at = ({ seconds, readMib }: Point) => [scale.at(seconds), mib.at(readMib)] as const;
      const path = points.map((point) =>
        at(point)
          .map((one) => one.toFixed(1))
          .join(','),
      );
      return [
        element('polyline', { class: `line-${boot}`, points: path.join(' ') }),
        ...points.map((point) => {
          const [cx, cy] = at(point);
          const isReady = point.event === 'node-ready';
          return element('circle', { class: `boot-${boot}`, cx, cy, r: isReady ? 4.5 : 2 });
        }),
      ];
    }),
  ];
};
