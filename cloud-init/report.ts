// Findings about a text -> what a person reads: place, rule, what was found, remedy, a caret line.
// The same shape serves user-data, images/worker.yaml and images/pins.yaml.

/** One fault in a text. Lines and columns count from 1, columns in UTF-16 units. */
export interface Finding {
  /** The rule's stable name in the message catalogue, e.g. `pod-cidr-host-bits`. */
  id: string;
  severity: 'error' | 'warning';
  line: number;
  column: number;
  /** How many characters the caret line marks; 1 when it is one place. */
  length: number;
  /** The key the finding is about, when there is one. */
  key?: string;
  /** `rule; what was found`, lower case, no full stop. Never a secret's content. */
  message: string;
  /** What to do; empty when the message already says it. */
  hint: string;
}

/** True when at least one finding forbids going on. */
export const hasErrors = (findings: readonly Finding[]): boolean =>
  findings.some((finding) => finding.severity === 'error');

const byPlace = (a: Finding, b: Finding): number => a.line - b.line || a.column - b.column;

const lineTextWidthMax = 160;

const formatMarkedLine = (finding: Finding, text: string): string[] => {
  const line = text.split(/\r?\n/)[finding.line - 1];
  if (line === undefined || line === '' || line.length > lineTextWidthMax) return [];
  // What a terminal would obey, or not show at all, is shown as one sign.
  const shown = line.replaceAll(/(?!\t)[\p{Cc}\p{Cf}]/gu, '·');
  // Tabs are kept in the margin, so that the marks stand under their text at any tab width.
  const margin = line.slice(0, finding.column - 1).replaceAll(/[^\t]/g, ' ');
  return [`  ${shown}`, `  ${margin}${'~'.repeat(Math.max(1, finding.length))}`];
};

/** `error[host-bits] user-data:1:24 pod-cidr: a range has no host bits; 172.20.0.7/24 has …` */
const formatHead = (source: string, finding: Finding): string => {
  const { line, column, severity, id, key, message } = finding;
  const subject = key === undefined ? '' : `${key}: `;
  return `${severity}[${id}] ${source}:${line}:${column} ${subject}${message}`;
};

/**
 * One finding as text:
 *
 *     error[host-bits] user-data:1:24 pod-cidr: a range has no host bits; 172.20.0.7/24 has host bits set
 *       name=worker-0|pod-cidr=172.20.0.7/24
 *                              ~~~~~~~~~~~~~
 *       hint: the network of that address is 172.20.0.0/24
 */
export const formatFinding = (source: string, text: string, finding: Finding): string => {
  const { hint } = finding;
  return [
    formatHead(source, finding),
    ...formatMarkedLine(finding, text),
    ...(hint === '' ? [] : [`  hint: ${hint}`]),
  ].join('\n');
};

/** All findings in the order of the text, one below the other. */
export const formatFindings = (
  source: string,
  text: string,
  findings: readonly Finding[],
): string =>
  findings
    .toSorted(byPlace)
    .map((finding) => formatFinding(source, text, finding))
    .join('\n');

/** All findings in one line for a console: `error[host-bits] user-data:1:24 … (the network …), error[…] …`. */
export const formatFindingsInLine = (source: string, findings: readonly Finding[]): string =>
  findings
    .toSorted(byPlace)
    .map((finding) => {
      const { hint } = finding;
      return `${formatHead(source, finding)}${hint === '' ? '' : ` (${hint})`}`;
    })
    .join(', ');
