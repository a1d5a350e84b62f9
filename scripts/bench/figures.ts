// Figures of several boots -> medians, and comparisons within a round.
import type { AgentTime } from './agent-time.ts';
import type { Boot } from './boot.ts';
import type { MeasureCost, MeasureId } from './measures.ts';
import type { Planned, VariantId, VolumeKind } from './variants.ts';

/** Version of the file's shape. */
export const runVersion = 1;

/** All that a run of the benchmark found; `--json` writes it, docs/boot.json is one. */
export interface BootRun {
  runVersion: number;
  /** File name of our image. */
  image: string;
  /** When the run began. */
  at: string;
  /** Of the cold volumes. */
  latencyMs: number;
  /** Of our image. */
  packages: number;
  usedMib: number;
  agent?: AgentTime;
  /** Of measures that were undone. */
  costs?: Partial<Record<MeasureId, MeasureCost>>;
  boots: Boot[];
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

export const bootsOf = (
  boots: readonly Boot[],
  variant: VariantId,
  volume: VolumeKind,
): readonly Boot[] => boots.filter((boot) => boot.variant === variant && boot.volume === volume);

export type Pick = (boot: Boot) => number;

/** Median of a figure; undefined where that was not booted. */
export const medianOf = (
  boots: readonly Boot[],
  { variant, volume }: Planned,
  pick: Pick,
): number | undefined => {
  const found = bootsOf(boots, variant, volume);
  return found.length === 0 ? undefined : median(found.map(pick));
};

/**
 * A comparison of two boots of the same round, for each round. They follow each other, so that the
 * speed of the machine, which others share, cancels out.
 */
export const paired = (
  boots: readonly Boot[],
  one: Planned,
  other: Planned,
  compare: (one: Boot, other: Boot) => number,
): number[] =>
  bootsOf(boots, one.variant, one.volume).flatMap((boot) => {
    const partner = bootsOf(boots, other.variant, other.volume).find(
      ({ round }) => round === boot.round,
    );
    return partner === undefined ? [] : [compare(boot, partner)];
  });

/** GRUB and the kernel are read from the volume, too. */
export const readyFromPowerOn: Pick = ({ loaderSeconds, readySeconds }) =>
  loaderSeconds + readySeconds;

/** What a cold volume adds to the time from power on to Ready, in each round. */
export const addedSeconds = (boots: readonly Boot[], variant: VariantId): number[] =>
  paired(
    boots,
    { variant, volume: 'cold' },
    { variant, volume: 'warm' },
    (cold, warm) => readyFromPowerOn(cold) - readyFromPowerOn(warm),
  );
