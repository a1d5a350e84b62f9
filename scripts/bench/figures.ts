// Figures of several boots -> medians, ratios and the table that is printed.
import type { BootFigures } from './boot.ts';

export const variantIds = ['a', 'b', 'c', 'd'] as const;
export type VariantId = (typeof variantIds)[number];

export const variantTexts: Record<VariantId, string> = {
  a: 'plain floor: stock Debian, everything pre-written, no cloud-init',
  b: 'slim floor: our image, everything pre-written, agent off',
  c: 'ours: our image, first boot',
  d: "stock Debian, the manual procedure's shell in cloud-init runcmd",
};

export type Runs = Record<VariantId, readonly BootFigures[]>;
export type Medians = Record<VariantId, BootFigures>;

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

const figureNames = [
  'userspaceSeconds',
  'networkSeconds',
  'kubeletSeconds',
  'readySeconds',
  'readMib',
  'reads',
] as const satisfies readonly (keyof BootFigures)[];

const medianOf = (runs: readonly BootFigures[]): BootFigures =>
  Object.fromEntries(
    figureNames.map((name) => [name, median(runs.map((figures) => figures[name]))]),
  ) as unknown as BootFigures;

export const mediansOf = (runs: Runs): Medians =>
  Object.fromEntries(variantIds.map((id) => [id, medianOf(runs[id])])) as Medians;

export interface Target {
  text: string;
  value: number;
  limit: number;
  unit: '' | ' MiB' | ' ms';
  isMet: boolean;
}

const target = (text: string, value: number, limit: number, unit: Target['unit'] = ''): Target => ({
  text,
  value,
  limit,
  unit,
  isMet: value <= limit,
});

/** Median over the rounds of a comparison of ours with another in the same round. */
const compared = (
  runs: Runs,
  id: VariantId,
  compare: (ours: BootFigures, other: BootFigures) => number,
): number =>
  median(
    runs.c.flatMap((ours, round) => {
      const other = runs[id][round];
      return other === undefined ? [] : [compare(ours, other)];
    }),
  );

const readyRatio = (runs: Runs, id: VariantId): number =>
  compared(runs, id, (ours, other) => ours.readySeconds / other.readySeconds);

/**
 * The promises of the benchmark. Compared is within a round, whose boots follow each other, so that
 * the speed of the machine, which others share, cancels out.
 */
export const targetsOf = (runs: Runs, agentCpuMs: number): Target[] => [
  target('(c) / (b)', readyRatio(runs, 'b'), 1.05),
  target('(c) / (a)', readyRatio(runs, 'a'), 0.62),
  target('(c) / (d)', readyRatio(runs, 'd'), 0.4),
  target(
    '(c) - (b) read',
    compared(runs, 'b', (ours, other) => ours.readMib - other.readMib),
    5e6 / 1024 ** 2,
    ' MiB',
  ),
  target('agent without waits', agentCpuMs, 50, ' ms'),
];

const cells = (figures: BootFigures): string[] =>
  figureNames.map((name) => figures[name].toFixed(name === 'reads' ? 0 : 1));

/** Spread of Ready over the runs, e.g. `24.1-25.3`. */
const spreadOf = (runs: readonly BootFigures[]): string => {
  const values = runs.map(({ readySeconds }) => readySeconds);
  return `${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)}`;
};

const header = [
  '',
  'userspace',
  'network',
  'kubelet',
  'Ready',
  'MiB read',
  'reads',
  'Ready min-max',
];

/** Seconds since the kernel started, medians; then each target with its limit. */
export const formatFigures = (runs: Runs, targets: readonly Target[]): string => {
  const medians = mediansOf(runs);
  const rows = [
    header,
    ...variantIds.map((id) => [`(${id})`, ...cells(medians[id]), spreadOf(runs[id])]),
  ];
  const widths = header.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '),
  );
  const names = variantIds.map((id) => `(${id}) ${variantTexts[id]}`);
  const judged = targets.map(({ text, value, limit, unit, isMet }) => {
    const digits = unit === '' ? 2 : 1;
    const verdict = isMet ? 'ok' : 'MISSED';
    return `${text.padEnd(22)} ${value.toFixed(digits)}${unit}, at most ${limit.toFixed(digits)}${unit}: ${verdict}`;
  });
  return [...lines, '', ...names, '', ...judged].join('\n');
};
