// A run with measures undone -> what each saves, and what it costs.
import type { Boot } from './boot.ts';
import { bootsOf, median, paired, readyFromPowerOn, type BootRun, type Pick } from './figures.ts';
import { measureIds, measures, type MeasureId } from './measures.ts';
import { volumeKinds, type VolumeKind } from './variants.ts';

/** How much more a boot without the measure has of a figure than one as it is, in each round. */
const savedBy = (
  boots: readonly Boot[],
  variant: MeasureId,
  volume: VolumeKind,
  pick: Pick,
): number[] =>
  paired(
    boots,
    { variant, volume },
    { variant: 'ours', volume },
    (without, ours) => pick(without) - pick(ours),
  );

/** Bytes and counts hardly differ from boot to boot: of the first volume that was booted. */
const counts: readonly [string, Pick, digits: number][] = [
  ['MiB touched', ({ touchedMib }) => touchedMib, 1],
  ['MiB read', ({ readMib }) => readMib, 1],
  ['processes', ({ processes }) => processes, 0],
];

const number = (value: number | undefined, digits: number): string =>
  // Without -0.
  value === undefined ? '' : (Number(value.toFixed(digits)) + 0).toFixed(digits);

const secondsText = (seconds: readonly number[]): string => {
  const [middle, least, most] = [median(seconds), Math.min(...seconds), Math.max(...seconds)].map(
    (value) => number(value, 1),
  );
  if (seconds.length === 0) return '';
  return seconds.length === 1 ? `${middle}` : `${middle} (${least} to ${most})`;
};

export const measureHeader: readonly string[] = [
  'measure',
  'saves',
  ...counts.map(([name]) => name),
  ...volumeKinds.map((volume) => `seconds, ${volume}`),
  'image MiB',
  'CPU ms',
  'lines',
];

/** A row for each measure that was undone; empty without any. */
export const measureRows = ({ boots, costs = {} }: BootRun): string[][] => {
  const volumes = volumeKinds.filter((volume) => bootsOf(boots, 'ours', volume).length > 0);
  return measureIds
    .filter((id) => volumes.some((volume) => bootsOf(boots, id, volume).length > 0))
    .map((id) => {
      const cost = costs[id];
      const [first = 'warm'] = volumes;
      return [
        id,
        measures[id].text,
        ...counts.map(([, pick, digits]) =>
          number(median(savedBy(boots, id, first, pick)), digits),
        ),
        ...volumeKinds.map((volume) => secondsText(savedBy(boots, id, volume, readyFromPowerOn))),
        number(cost?.imageMib, 1),
        number(cost?.cpuMs, 0),
        number(cost?.lines, 0),
      ];
    });
};
