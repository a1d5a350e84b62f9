// Rows of boots -> the upper part of the picture: a row for each event, in it a bar for each boot that
// reaches from the boot's event before to this one.
import { element, textAt } from './markup.ts';
import type { Cell, Row } from './rows.ts';
import type { Scale } from './scale.ts';

export interface Frame {
  left: number;
  right: number;
}

const barGap = 3;
const rowPadding = 5;

/** One boot has room for thick bars. */
export const barHeightFor = (boots: number): number => (boots === 1 ? 14 : boots <= 3 ? 11 : 10);

const rowHeightFor = (boots: number): number =>
  2 * rowPadding + boots * (barHeightFor(boots) + barGap) - barGap;

/** Height of all rows together. */
export const barsHeight = (rows: readonly Row[], boots: number): number =>
  rows.length * rowHeightFor(boots);

const formatValue = ({ seconds, previousSeconds }: Cell): string =>
  previousSeconds === undefined
    ? seconds.toFixed(1)
    : `${seconds.toFixed(1)}  +${(seconds - previousSeconds).toFixed(1)}`;

/** The value stands behind the bar, or before it where the picture ends. */
const valueAt = (text: string, from: number, to: number, baseline: number, right: number) => {
  const isOutside = to + 6 + text.length * 6.2 > right;
  return isOutside
    ? textAt(from - 5, baseline, text, { class: 'value', 'text-anchor': 'end' })
    : textAt(to + 5, baseline, text, { class: 'value' });
};

const barOf = (
  cell: Cell,
  index: number,
  top: number,
  { boots, frame, scale }: { boots: number; frame: Frame; scale: Scale },
): string[] => {
  const height = barHeightFor(boots);
  const y = top + rowPadding + index * (height + barGap);
  const from = scale.at(cell.previousSeconds ?? cell.seconds);
  const to = scale.at(cell.seconds);
  return [
    element('rect', {
      class: `boot-${index}`,
      x: from,
      y,
      // An event without a duration is still to be seen.
      width: Math.max(2, to - from),
      height,
      rx: 1.5,
    }),
    valueAt(formatValue(cell), from, Math.max(to, from + 2), y + height / 2 + 3.8, frame.right),
  ];
};

export const drawBars = (
  rows: readonly Row[],
  boots: number,
  top: number,
  { frame, scale }: { frame: Frame; scale: Scale },
): string[] => {
  const height = rowHeightFor(boots);
  return rows.flatMap(({ event, cells }, place) => {
    const y = top + place * height;
    const band = { class: 'band', x: 0, y, width: frame.right, height };
    return [
      ...(place % 2 === 0 ? [element('rect', band)] : []),
      textAt(frame.left - 10, y + height / 2 + 4, event, { class: 'event', 'text-anchor': 'end' }),
      ...cells.flatMap((cell, index) =>
        cell === undefined ? [] : barOf(cell, index, y, { boots, frame, scale }),
      ),
    ];
  });
};
