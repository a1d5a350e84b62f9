// Boots as a run of the benchmark records them, made from the few figures that a test is about.
import type { Boot, BootFigures } from '../../../scripts/bench/boot.ts';
import { runVersion, type BootRun } from '../../../scripts/bench/figures.ts';
import type { VariantId, VolumeKind } from '../../../scripts/bench/variants.ts';

const figures: BootFigures = {
  loaderSeconds: 4,
  userspaceSeconds: 2,
  networkSeconds: 12,
  containerdSeconds: 13,
  kubeletSeconds: 15,
  readySeconds: 24,
  readMib: 200,
  reads: 5000,
  touchedMib: 110,
  processes: 90,
  timeline: [],
};

/** One boot a round, each with its own figures. */
export const bootsOf = (
  variant: VariantId,
  volume: VolumeKind,
  rounds: readonly Partial<BootFigures>[],
): Boot[] =>
  rounds.map((given, index) => ({ round: index + 1, variant, volume, ...figures, ...given }));

/** Seconds of Ready, a round each. */
export const readyIn = (
  variant: VariantId,
  volume: VolumeKind,
  seconds: readonly number[],
  more: Partial<BootFigures> = {},
): Boot[] =>
  bootsOf(
    variant,
    volume,
    seconds.map((readySeconds) => ({ ...more, readySeconds })),
  );

export const runOf = (boots: Boot[], more: Partial<BootRun> = {}): BootRun => ({
  runVersion,
  image: 'worker-1.37.1-amd64-3f2a91c.qcow2',
  at: '2026-11-30T00:00:00.000Z',
  latencyMs: 60,
  packages: 150,
  usedMib: 700,
  boots,
  ...more,
});

/** All that is compared, and every target met. */
export const fullBoots = (): Boot[] => [
  ...readyIn('a', 'warm', [50, 54, 48], { processes: 300 }),
  ...readyIn('a', 'cold', [75, 79, 73], { processes: 300, touchedMib: 350 }),
  ...readyIn('b', 'warm', [24, 23, 25], { readMib: 198 }),
  ...readyIn('c', 'warm', [24, 23.5, 25]),
  ...readyIn('c', 'cold', [26, 25.5, 27.5]),
  ...readyIn('d', 'warm', [80, 79, 82]),
  ...readyIn('e', 'warm', [70, 69, 72]),
  ...readyIn('e', 'cold', [85, 84, 88]),
];
