// A run of the benchmark -> its tables, for a terminal and for docs/boot.md.
import type { Boot } from './boot.ts';
import {
  addedSeconds,
  bootsOf,
  median,
  readyFromPowerOn,
  type BootRun,
  type Pick,
} from './figures.ts';
import { measureHeader, measureRows } from './measure-table.ts';
import { formatTarget, targetsOf } from './targets.ts';
import { allVariantIds, planOf, variants, volumeKinds } from './variants.ts';

export interface Table {
  id: 'power-on' | 'kernel' | 'cost' | 'measures';
  title: string;
  header: readonly string[];
  rows: readonly string[][];
}

const spread = (values: readonly number[]): string =>
  `${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)}`;

/** Moments of a boot, in the order in which they usually come. */
const momentPicks: readonly [string, Pick][] = [
  ['userspace', ({ userspaceSeconds }) => userspaceSeconds],
  ['network', ({ networkSeconds }) => networkSeconds],
  ['containerd', ({ containerdSeconds }) => containerdSeconds],
  ['kubelet', ({ kubeletSeconds }) => kubeletSeconds],
  ['Ready', ({ readySeconds }) => readySeconds],
];

const costPicks: readonly [string, Pick, digits: number][] = [
  ['MiB touched', ({ touchedMib }) => touchedMib, 1],
  ['MiB read', ({ readMib }) => readMib, 1],
  ['reads', ({ reads }) => reads, 0],
  ['processes', ({ processes }) => processes, 0],
];

/** Every variant and volume that was booted, with its boots. */
const groupsOf = (boots: readonly Boot[]) =>
  planOf(allVariantIds, volumeKinds)
    .map(({ variant, volume }) => ({
      head: [`(${variant})`, volume],
      variant,
      volume,
      found: bootsOf(boots, variant, volume),
    }))
    .filter(({ found }) => found.length > 0);

const medianText = (boots: readonly Boot[], pick: Pick, digits = 1): string =>
  median(boots.map(pick)).toFixed(digits);

export const tablesOf = (run: BootRun): Table[] => {
  const { boots } = run;
  const measured = measureRows(run);
  const groups = groupsOf(boots);
  const names = momentPicks.map(([name]) => name);
  const addedText = (variant: Boot['variant']): string => {
    const added = addedSeconds(boots, variant);
    return added.length === 0 ? '' : median(added).toFixed(1);
  };
  return [
    {
      id: 'power-on',
      title: 'seconds since power on',
      header: ['', '', 'kernel', ...names, 'min-max', 'cold - warm'],
      rows: groups.map(({ head, variant, volume, found }) => [
        ...head,
        medianText(found, ({ loaderSeconds }) => loaderSeconds),
        ...momentPicks.map(([, pick]) =>
          medianText(found, (boot) => boot.loaderSeconds + pick(boot)),
        ),
        spread(found.map(readyFromPowerOn)),
        volume === 'cold' ? addedText(variant) : '',
      ]),
    },
    {
      id: 'kernel',
      title: 'seconds since the kernel started',
      header: ['', '', ...names, 'min-max'],
      rows: groups.map(({ head, found }) => [
        ...head,
        ...momentPicks.map(([, pick]) => medianText(found, pick)),
        spread(found.map(({ readySeconds }) => readySeconds)),
      ]),
    },
    {
      id: 'cost',
      title: 'read until Ready, started before the kubelet',
      header: ['', '', ...costPicks.map(([name]) => name), 'touched min-max'],
      rows: groups.map(({ head, found }) => [
        ...head,
        ...costPicks.map(([, pick, digits]) => medianText(found, pick, digits)),
        spread(found.map(({ touchedMib }) => touchedMib)),
      ]),
    },
    ...(measured.length === 0
      ? []
      : [
          {
            id: 'measures' as const,
            title: 'what each measure saves until Ready, median (min to max), and what it costs',
            header: measureHeader,
            rows: measured,
          },
        ]),
  ];
};

/** Columns under each other, the first two to the left. */
const formatTable = ({ title, header, rows }: Table): string[] => {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [title, ...all.map(line), ''];
};

/** Medians, then what the letters mean, then each target with its limit. */
export const formatRun = (run: BootRun): string => {
  const booted = new Set(run.boots.map(({ variant }) => variant));
  const names = allVariantIds
    .filter((id) => booted.has(id))
    .map((id) => `(${id})  ${variants[id].text}`);
  const cold = run.boots.some(({ volume }) => volume === 'cold')
    ? [`cold: the first touch of a block of 512 KiB takes ${run.latencyMs} ms`]
    : [];
  const judged = targetsOf(run).map(formatTarget);
  return [...tablesOf(run).flatMap(formatTable), ...names, ...cold, '', ...judged].join('\n');
};
