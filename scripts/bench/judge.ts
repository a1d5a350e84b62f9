// Figures of an image, those of the last one, and the budgets -> what is broken and what grew.
import { budgetKeys, budgetsName, budgetTable, type BudgetKey, type Budgets } from './budgets.ts';
import { formatGrowth, grownPhases, phaseName, type Growth } from './phases.ts';
import type { ImageRecord } from './record.ts';
import { volumeKinds, type VolumeKind } from './variants.ts';

export interface JudgeFinding {
  /** An error breaks a budget; a warning only names what grew. */
  severity: 'error' | 'warning';
  /** The budget's key, or the phase and its volume. */
  place: string;
  rule: string;
  found: string;
  remedy: string;
  /** The phase that explains a broken budget; `found` ends with it. */
  cause?: string;
}

type Located = Growth & { volume: VolumeKind };

/** Phases that grew, on each volume that both images booted from. */
const growthsOf = (candidate: ImageRecord, recorded: ImageRecord): Located[] => {
  const pace =
    candidate.floorSeconds === undefined || recorded.floorSeconds === undefined
      ? 1
      : candidate.floorSeconds / recorded.floorSeconds;
  return volumeKinds.flatMap((volume) => {
    // Another latency makes another cold boot.
    if (volume === 'cold' && candidate.latencyMs !== recorded.latencyMs) return [];
    const [now, before] = [candidate.timelines[volume], recorded.timelines[volume]];
    if (now === undefined || before === undefined) return [];
    return grownPhases(now, before, pace).map((growth) => ({ ...growth, volume }));
  });
};

const placeOf = ({ phase, volume }: Located): string => `${phaseName(phase)} (${volume})`;

/** Figures that the phases of a boot explain, and by what. */
const explainedBy: Partial<Record<BudgetKey, keyof Pick<Growth, 'moreMib' | 'moreSeconds'>>> = {
  'touched-mib': 'moreMib',
  'read-mib': 'moreMib',
  'floor-ratio': 'moreSeconds',
  'cold-ratio': 'moreSeconds',
};

/** The phase that grew most, on the volume that the figure is about. */
const explain = (key: BudgetKey, candidate: ImageRecord, growths: readonly Located[]) => {
  const by = explainedBy[key];
  if (by === undefined) return undefined;
  const isWarm = key === 'floor-ratio' || candidate.timelines.cold === undefined;
  const [most] = growths
    .filter((growth) => growth[by] > 0 && (growth.volume === 'warm') === isWarm)
    .toSorted((a, b) => b[by] - a[by]);
  return most === undefined ? undefined : `most in ${placeOf(most)}: ${formatGrowth(most)}`;
};

/** `131.2 MiB` */
export const formatFigure = (key: BudgetKey, value: number): string =>
  `${value.toFixed(budgetTable[key].digits)}${budgetTable[key].unit}`;

/** The budgets that `candidate` breaks, then the phases that grew since `recorded`. */
export const judge = (
  candidate: ImageRecord,
  recorded: ImageRecord | undefined,
  budgets: Budgets,
): JudgeFinding[] => {
  const growths = recorded === undefined ? [] : growthsOf(candidate, recorded);
  const broken = budgetKeys.flatMap((key): JudgeFinding[] => {
    const value = candidate.figures[key];
    if (value === undefined || value <= budgets[key]) return [];
    const was = recorded?.figures[key];
    const before =
      was === undefined ? '' : `, ${formatFigure(key, was)} in ${String(recorded?.image)}`;
    const cause = explain(key, candidate, growths);
    return [
      {
        severity: 'error',
        place: key,
        rule: `at most ${formatFigure(key, budgets[key])}: ${budgetTable[key].rule}`,
        found: `${formatFigure(key, value)}${before}${cause === undefined ? '' : `; ${cause}`}`,
        remedy: `take out what came in, or raise ${key} in ${budgetsName} and say why there`,
        ...(cause === undefined ? {} : { cause }),
      },
    ];
  });
  const grown = growths.map((growth): JudgeFinding => ({
    severity: 'warning',
    place: placeOf(growth),
    rule: `no phase grows unnoticed; ${String(recorded?.image)} is the measure`,
    found: formatGrowth(growth),
    remedy: 'what changed in the image since then runs or is read in that phase',
  }));
  return [...broken, ...grown];
};

/** True when a budget is broken. */
export const isBroken = (findings: readonly JudgeFinding[]): boolean =>
  findings.some(({ severity }) => severity === 'error');
