// The values of `labels` and `taints` -> pairs and triples as Kubernetes has them, and their faults.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
import { makeFinding } from './finding.ts';
import type { Finding } from './report.ts';
import type { Span } from './user-data.ts';

export interface Taint {
  key: string;
  value: string;
  effect: string;
}

export const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

const name = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefix = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** What is wrong with a label's key, or nothing. */
const keyFault = (key: string): string | undefined => {
  const parts = key.split('/');
  const [last = ''] = parts.slice(-1);
  if (key === '') return 'has no key';
  if (parts.length > 2) return 'has more than one / in its key';
  if (!name.test(last)) return 'has a key that is not letters, digits and -_. (at most 63)';
  if (parts.length === 2 && !prefix.test(parts[0] ?? ''))
    return 'has a prefix that is no lower-case DNS name';
  return undefined;
};

const valueFault = (value: string): string | undefined =>
  value === '' || name.test(value)
    ? undefined
    : 'has a value that is not letters, digits and -_. (at most 63)';

const itemsOf = (at: Span): Span[] => {
  let column = at.column;
  return at.text.split(',').map((piece) => {
    const leading = piece.length - piece.trimStart().length;
    const item = { text: piece.trim(), line: at.line, column: column + leading };
    column += piece.length + 1;
    return item;
  });
};

/** Cuts at the first `separator`; without one the rest is nothing. */
const cut = (text: string, separator: string): [string, string | undefined] => {
  const index = text.indexOf(separator);
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
};

/**
 * What the kubelet itself accepts below kubernetes.io and k8s.io; for any other it refuses to start.
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go
 */
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);
const kubeletPrefix = /^(?:.+\.)?(?:kubelet|node)\.kubernetes\.io$/;
const reservedPrefix = /^(?:.+\.)?(?:kubernetes|k8s)\.io$/;

const isReserved = (key: string): boolean => {
  const [begin, rest] = cut(key, '/');
  if (rest === undefined || !reservedPrefix.test(begin)) return false;
  return !kubeletLabels.has(key) && !kubeletPrefix.test(begin);
};

const firstTwice = (items: readonly Span[], idOf: (text: string) => string): Span | undefined => {
  const seen = new Set<string>();
  return items.find(({ text }) => {
    const isKnown = seen.has(idOf(text));
    seen.add(idOf(text));
    return isKnown;
  });
};

export const parseLabels = (text: string): [string, string][] =>
  text.split(',').map((piece) => {
    const [key, value = ''] = cut(piece.trim(), '=');
    return [key, value];
  });

const checkLabel = (item: Span): Finding[] => {
  const example = 'pool=blue,disk=ssd';
  const [key, value] = cut(item.text, '=');
  const reason =
    item.text === ''
      ? 'stands between commas: there is nothing'
      : value === undefined
        ? 'has no ='
        : (keyFault(key) ?? valueFault(value));
  if (reason !== undefined) {
    const part = `"${item.text}"`;
    return [makeFinding('bad-label', item, 'labels', { part, reason, example })];
  }
  return isReserved(key) ? [makeFinding('reserved-label', item, 'labels', { label: key })] : [];
};

/** Every fault of the value of `labels`. */
export const checkLabels = (at: Span): Finding[] => {
  const items = itemsOf(at);
  const twice = firstTwice(items, (text) => cut(text, '=')[0]);
  return [
    ...items.flatMap(checkLabel),
    ...(twice === undefined
      ? []
      : [makeFinding('given-twice', twice, 'labels', { text: cut(twice.text, '=')[0] })]),
  ];
};

const parseTaint = (text: string): Taint | undefined => {
  const colon = text.lastIndexOf(':');
  if (colon === -1) return undefined;
  const [key, value = ''] = cut(text.slice(0, colon), '=');
  return { key, value, effect: text.slice(colon + 1) };
};

/** The caller has checked the text. */
export const parseTaints = (text: string): Taint[] =>
  text.split(',').flatMap((piece) => parseTaint(piece.trim()) ?? []);

const checkTaint = (item: Span): Finding[] => {
  const taint = parseTaint(item.text);
  const reason =
    taint === undefined
      ? 'has no : before its effect'
      : (keyFault(taint.key) ??
        valueFault(taint.value) ??
        (effects.some((effect) => effect === taint.effect) ? undefined : 'has another effect'));
  if (reason === undefined) return [];
  const values = {
    part: `"${item.text}"`,
    reason,
    effects: effects.join(', '),
    example: 'dedicated=gpu:NoSchedule',
  };
  return [makeFinding('bad-taint', item, 'taints', values)];
};

/** Every fault of the value of `taints`; a key may have several effects. */
export const checkTaints = (at: Span): Finding[] => {
  const items = itemsOf(at);
  const identity = (text: string): string => {
    const { key, effect } = parseTaint(text) ?? { key: text, effect: '' };
    return `${key}:${effect}`;
  };
  const twice = firstTwice(items, identity);
  return [
    ...items.flatMap(checkTaint),
    ...(twice === undefined
      ? []
      : [makeFinding('given-twice', twice, 'taints', { text: identity(twice.text) })]),
  ];
};
