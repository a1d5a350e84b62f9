// A judged image -> one line per figure, then one per phase that grew, then the verdict.
import { formatStep } from '../terminal/steps.ts';
import { budgetKeys, budgetsName, budgetTable, type Budgets } from './budgets.ts';
import { formatFigure, type JudgeFinding } from './judge.ts';
import type { ImageRecord } from './record.ts';

const detail = (text: string): string => `${' '.repeat(11)}${text}`;

export const formatVerdict = (
  candidate: ImageRecord,
  recorded: ImageRecord | undefined,
  budgets: Budgets,
  findings: readonly JudgeFinding[],
): string => {
  const against = recorded === undefined ? 'no recorded image' : `recorded: ${recorded.image}`;
  const lines = budgetKeys.flatMap((key) => {
    const { name } = budgetTable[key];
    const value = candidate.figures[key];
    if (value === undefined) return [formatStep(name, 'not measured')];
    const broken = findings.find(({ severity, place }) => severity === 'error' && place === key);
    const verdict = broken === undefined ? 'ok' : 'BROKEN';
    const was = recorded?.figures[key];
    const before = was === undefined ? '' : `; ${formatFigure(key, was)} recorded`;
    const limit = formatFigure(key, budgets[key]);
    const line = formatStep(
      name,
      `${formatFigure(key, value)}, at most ${limit}: ${verdict}${before}`,
    );
    if (broken === undefined) return [line];
    const { cause, remedy } = broken;
    return [line, ...(cause === undefined ? [] : [detail(cause)]), detail(`hint: ${remedy}`)];
  });
  const grown = findings
    .filter(({ severity }) => severity === 'warning')
    .map(({ place, found }) => formatStep('grew', `${place}: ${found}`));
  const judged = budgetKeys.filter((key) => candidate.figures[key] !== undefined).length;
  const count = findings.filter(({ severity }) => severity === 'error').length;
  const verdict =
    count === 0
      ? `${judged} figures of ${candidate.image} keep within ${budgetsName}`
      : `${count} of ${judged} budgets broken by ${candidate.image}`;
  return [formatStep('compare', against), ...lines, ...grown, formatStep('check', verdict)].join(
    '\n',
  );
};
