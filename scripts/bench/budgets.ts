// images/budgets.yaml -> the most that each figure of an image may be, or findings with their place.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { formatFindings, type Finding } from '../../cloud-init/report.ts';
import { readYaml } from '../image/yaml-place.ts';
import { coldVolume } from '../lab/cold-volume/model.ts';
import { inProject } from '../project/paths.ts';
import { Failure } from '../terminal/failure.ts';

/** What is bounded: how it is called on its line, what its number means, and how it is written. */
export const budgetTable = {
  'touched-mib': { name: 'touched', rule: 'MiB touched up to Ready', unit: ' MiB', digits: 1 },
  'read-mib': { name: 'read', rule: 'MiB read up to Ready', unit: ' MiB', digits: 1 },
  processes: { name: 'processes', rule: 'processes before the kubelet', unit: '', digits: 0 },
  packages: { name: 'packages', rule: 'packages', unit: '', digits: 0 },
  'used-mib': { name: 'used', rule: 'MiB used on the root', unit: ' MiB', digits: 0 },
  'floor-ratio': { name: 'floor', rule: "of the plain floor's Ready", unit: '', digits: 2 },
  'cold-ratio': { name: 'cold', rule: 'times the warm boot', unit: '', digits: 2 },
} as const;

export type BudgetKey = keyof typeof budgetTable;

export const budgetKeys = Object.keys(budgetTable) as BudgetKey[];

const schema = z.strictObject({
  'touched-mib': z.number().positive(),
  'read-mib': z.number().positive(),
  processes: z.int().positive(),
  packages: z.int().positive(),
  'used-mib': z.number().positive(),
  'floor-ratio': z.number().positive(),
  'cold-ratio': z.number().positive(),
} satisfies Record<BudgetKey, z.ZodType>);

export type Budgets = z.output<typeof schema>;

/** Latency for which cold-ratio is meant. */
export const budgetLatencyMs = coldVolume.latencyMs;

/** Checks the text of a budgets file. */
export const checkBudgets = (text: string): { budgets?: Budgets; findings: Finding[] } => {
  const yaml = readYaml(text);
  if (yaml.findings.length > 0) return { findings: yaml.findings };
  const parsed = schema.safeParse(yaml.value);
  if (parsed.success) return { budgets: parsed.data, findings: [] };
  const findings = parsed.error.issues.map((issue): Finding => {
    if (issue.code === 'unrecognized_keys') {
      const key = issue.keys[0] ?? '';
      const hint = `known keys: ${budgetKeys.toSorted().join(', ')}`;
      const place = yaml.placeOfKey([key]);
      return { id: 'unknown-key', severity: 'error', ...place, key, message: 'no budget', hint };
    }
    const key = String(issue.path[0] ?? '');
    const { value } = yaml as { value: Record<string, unknown> | null };
    const found = value?.[key] === undefined ? 'absent' : JSON.stringify(value[key]);
    const message = `a number above 0 is expected; found ${found}`;
    const place = yaml.placeOfValue(issue.path);
    return { id: 'bad-budget', severity: 'error', ...place, key, message, hint: '' };
  });
  return { findings };
};

export const budgetsName = 'images/budgets.yaml';

/** Reads images/budgets.yaml; a fault in it is a Failure that lists the findings. */
export const readBudgets = async (): Promise<Budgets> => {
  const text = await readFile(inProject(budgetsName), 'utf8');
  const { budgets, findings } = checkBudgets(text);
  if (budgets) return budgets;
  throw new Failure({
    step: 'budgets',
    message: `${budgetsName}: ${findings.length} ${findings.length === 1 ? 'error' : 'errors'}`,
    tail: formatFindings(budgetsName, text, findings),
  });
};
