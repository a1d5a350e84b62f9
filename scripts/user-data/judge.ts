// User-data, settings, facts -> the verdict of a node on it, for people and for programs.
import type { ParsedFields } from '../../cloud-init/parse.ts';
import {
  checkGroup,
  checkNetwork,
  checkPrefixes,
  type NetworkFacts,
} from '../../cloud-init/ranges.ts';
import { formatFindings, type Finding } from '../../cloud-init/report.ts';
import type { Settings } from '../../cloud-init/settings.ts';
import { checkUserData, type NodeRequest } from '../../cloud-init/validate.ts';
import type { InstanceFacts } from './input.ts';

export type Verdict = 'valid' | 'refused' | 'not-ours';

export interface Judgement {
  verdict: Verdict;
  /** As given, by key; those without a fault. */
  values: Record<string, string>;
  findings: Finding[];
  /** What the findings' places are in. */
  text: string;
  /** Present when the verdict is `valid`. */
  request?: NodeRequest;
  /** What it is instead, when it is not ours, e.g. `cloud-config`. */
  form?: string;
}

export const exitCodes: Record<Verdict, number> = { valid: 0, refused: 1, 'not-ours': 3 };

const networkOf = ({ vpcRanges, subnetRange }: InstanceFacts): NetworkFacts => ({
  vpcRanges,
  ...(subnetRange === undefined ? {} : { subnetRange }),
});

/** Whatever else is wrong with the user-data. */
const checkFacts = (
  fields: ParsedFields,
  settings: Settings,
  facts: InstanceFacts,
  ofText: readonly Finding[],
): Finding[] => {
  const { 'pod-cidr': podCidr, 'max-pods': maxPods } = fields;
  if (podCidr === undefined) return [];
  const { prefixes } = facts;
  return [
    ...checkGroup(fields, facts.lifecycleState),
    ...checkNetwork(fields, settings, networkOf(facts), ofText),
    ...(prefixes === undefined ? [] : checkPrefixes(podCidr, maxPods, { prefixes })),
  ];
};

/** `isStrict`: a warning refuses, too. */
export const judge = (
  text: string,
  settings: Settings,
  facts: InstanceFacts,
  isStrict: boolean,
): Judgement => {
  const check = checkUserData(text, settings);
  if (check.kind === 'none' || check.kind === 'foreign') {
    const form = check.kind === 'none' ? 'empty' : check.form;
    return { verdict: 'not-ours', values: {}, findings: [], text, form };
  }
  const values = Object.fromEntries(
    Object.entries(check.fields).map(([key, { text: value }]) => [key, value]),
  );
  const ofText = check.kind === 'errors' ? check.findings : check.warnings;
  const findings = [...ofText, ...checkFacts(check.fields, settings, facts, ofText)];
  const request = check.kind === 'errors' ? undefined : check.request;
  const isRefused =
    request === undefined || findings.some(({ severity }) => severity === 'error' || isStrict);
  const common = { values, findings, text: check.text };
  return isRefused ? { verdict: 'refused', ...common } : { verdict: 'valid', ...common, request };
};

const count = (number: number, word: string): string =>
  `${number} ${word}${number === 1 ? '' : 's'}`;

const summaryOf = ({ verdict, findings, request, form }: Judgement): string => {
  if (verdict === 'not-ours')
    return `not for groundup (${form}); a node with this user-data is left alone`;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  const counts = [
    ...(errors === 0 ? [] : [count(errors, 'error')]),
    ...(warnings === 0 ? [] : [count(warnings, 'warning')]),
  ].join(', ');
  if (verdict === 'refused' && errors === 0)
    return `${counts}; a node would take this user-data, --strict does not`;
  if (verdict === 'refused')
    return `${counts}; a node with this user-data would write nothing and say the same on its console`;
  const { name, podCidr, settings } = request as NodeRequest;
  const what = `${settings.cluster}-${name ?? 'INSTANCE-ID'}, pods ${podCidr}`;
  return `valid: ${what}${counts === '' ? '' : ` (${counts})`}`;
};

/** What a person reads. */
export const formatJudgement = (judgement: Judgement): string =>
  [
    ...(judgement.findings.length === 0
      ? []
      : [formatFindings('user-data', judgement.text, judgement.findings)]),
    summaryOf(judgement),
  ].join('\n');

/** What a program reads: one object on one line. */
export const formatJson = ({ verdict, values, findings }: Judgement): string =>
  JSON.stringify({
    verdict,
    values,
    findings: findings.map(({ id, severity, line, column, key, message, hint }) => ({
      id,
      severity,
      line,
      column,
      key: key ?? null,
      message,
      hint,
    })),
  });
