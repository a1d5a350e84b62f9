// Parsed fields + baked settings -> what the user asked for, or every fault at once.
import { podCapacity, rangeOf } from './cidr.ts';
import { unpackUserData } from './envelope.ts';
import { keys, keyTable, settingKeys, type Key, type KeyRow } from './keys.ts';
import { checkLabels, checkTaints, parseLabels, parseTaints, type Taint } from './labels.ts';
import { makeFinding } from './finding.ts';
import { parseFields, type Parsed, type ParsedFields } from './parse.ts';
import { podNetworkOf } from './pod-network.ts';
import { checkPrivate, checkRange, checkRanges } from './ranges.ts';
import type { Finding } from './report.ts';
import type { Settings } from './settings.ts';
import { findErrorPage, readUserData, type Span } from './user-data.ts';

/** What a node is to be: every value has its form, and they agree with each other. */
export interface NodeRequest {
  /** Absent: the instance's id. */
  name?: string;
  /** A range, or the word for another network. */
  podCidr: string;
  labels: readonly [string, string][];
  taints: readonly Taint[];
  /** Absent: as many as the range has room for. */
  maxPods?: number;
  /** `<group>:<hook>`, which waits for the node. */
  lifecycleHook?: string;
  /** Of the autoscaling group, when there can be no other instance in it. */
  groupSize?: 1;
  /** Baked settings with the overrides of user-data. */
  settings: Settings;
}

export type UserDataCheck =
  | { kind: 'none' }
  | { kind: 'foreign'; form: string }
  | {
      kind: 'node';
      request: NodeRequest;
      /** Values of the right form, with their places in `text`. */
      fields: ParsedFields;
      podCidrAt: Span;
      warnings: Finding[];
      /** What all places are in: unpacked, if it was packed. */
      text: string;
    }
  | { kind: 'errors'; findings: Finding[]; fields: ParsedFields; text: string };

const endOf = (text: string): Span => {
  const lines = text.trimEnd().split(/\r?\n/);
  const last = lines.at(-1) ?? '';
  return { text: '', line: lines.length, column: last.length + 1 };
};

const isNeeded = (key: Key, { identity }: Settings): boolean => {
  const { required, optionalWith }: KeyRow = keyTable[key];
  return required && optionalWith !== identity;
};

/** An identity that was refused says nothing of what else is needed. */
const checkMissing = (
  { named }: Parsed,
  sound: ParsedFields,
  settings: Settings,
  text: string,
): Finding[] =>
  keys
    .filter((key) => isNeeded(key, settings) && !named.has(key))
    .filter((key) => !('optionalWith' in keyTable[key] && named.has('identity') && !sound.identity))
    .map((key) =>
      makeFinding('missing-key', endOf(text), key, { key, example: keyTable[key].example }),
    );

/** Checks of one value that say more than yes or no. */
/** `<secret-prefix>/<cluster>/<name>` must be nobody else's. */
const checkName = (at: Span): Finding[] =>
  ['shared', 'bootstrap'].includes(at.text)
    ? [makeFinding('reserved-name', at, 'name', { value: at.text })]
    : [];

const detailedChecks: Partial<Record<Key, (at: Span) => Finding[]>> = {
  name: checkName,
  'pod-cidr': (at) =>
    podNetworkOf(at.text) === 'range' ? checkRange('pod-cidr', at, rangeOf(at.text)) : [],
  'service-cidr': (at) => checkRange('service-cidr', at, rangeOf(at.text)),
  labels: checkLabels,
  taints: checkTaints,
};

const checkValue = (key: Key, at: Span): Finding[] => {
  const { form, example, accepts } = keyTable[key];
  if (!accepts(at.text))
    return [makeFinding('bad-value', at, key, { value: at.text, form, key, example })];
  return detailedChecks[key]?.(at) ?? [];
};

const checkRoom = ({ 'max-pods': maxPods, 'pod-cidr': podCidr }: ParsedFields): Finding[] => {
  if (maxPods === undefined || podCidr === undefined) return [];
  if (podNetworkOf(podCidr.text) !== 'range') return [];
  const room = podCapacity(rangeOf(podCidr.text));
  if (Number(maxPods.text) <= room) return [];
  const values = { range: podCidr.text, room, count: maxPods.text };
  return [makeFinding('too-many-pods', maxPods, 'max-pods', values)];
};

/** With a certificate or a name that says it, node-name says nothing. */
const checkNodeName = (sound: ParsedFields, settings: Settings): Finding[] => {
  const at = sound['node-name'];
  if (at === undefined) return [];
  if (settings.identity === 'files')
    return [makeFinding('unused-node-name', at, 'node-name', { namer: 'the certificate' })];
  return sound.name === undefined
    ? []
    : [makeFinding('unused-node-name', at, 'node-name', { namer: 'name' })];
};

/** An override that says what the image says already may be a slip. */
const checkNeed = (sound: ParsedFields, baked: Settings): Finding[] =>
  settingKeys.flatMap((key) => {
    const at = sound[key];
    return at === undefined || at.text !== baked[key]
      ? []
      : [makeFinding('same-as-baked', at, key, { value: at.text })];
  });

/** iptables are programs of their own; nftables are in every image. */
const checkProxyMode = (sound: ParsedFields, baked: Settings): Finding[] => {
  const at = sound['kube-proxy-mode'];
  const mode = baked['kube-proxy-mode'];
  return at === undefined || at.text !== 'iptables' || mode === 'iptables'
    ? []
    : [makeFinding('not-in-image', at, 'kube-proxy-mode', { value: at.text, baked: mode })];
};

/** Values of the right form only, over the baked ones. */
const override = (settings: Settings, sound: ParsedFields): Settings => ({
  ...settings,
  ...Object.fromEntries(
    settingKeys.flatMap((key) => (sound[key] === undefined ? [] : [[key, sound[key].text]])),
  ),
});

const requestOf = (fields: ParsedFields, settings: Settings): NodeRequest | undefined => {
  const { name, 'pod-cidr': podCidr, labels, taints, 'max-pods': maxPods } = fields;
  const hook = fields['lifecycle-hook'];
  return podCidr === undefined
    ? undefined
    : {
        ...(name === undefined ? {} : { name: name.text }),
        podCidr: podCidr.text,
        labels: labels === undefined ? [] : parseLabels(labels.text),
        taints: taints === undefined ? [] : parseTaints(taints.text),
        ...(maxPods === undefined ? {} : { maxPods: Number(maxPods.text) }),
        ...(hook === undefined ? {} : { lifecycleHook: hook.text }),
        ...(fields['group-size'] === undefined ? {} : { groupSize: 1 as const }),
        settings,
      };
};

/** What is wrong with the text as a whole, so that nothing more is worth saying. */
const checkWhole = (text: string): Finding[] => {
  const page = findErrorPage(text);
  if (page === undefined) return [];
  const title = /<(title|h1|code)>\s*([^<]*)/i.exec(text)?.[2] ?? 'without a title';
  return [makeFinding('error-page', page, undefined, { title: title.trim() })];
};

const checkFields = (text: string, baked: Settings): UserDataCheck => {
  const userData = readUserData(text);
  if (userData.kind !== 'fields') return userData;
  const whole = checkWhole(text);
  if (whole.length > 0) return { kind: 'errors', findings: whole, fields: {}, text };
  const parsed = parseFields(userData.fields);
  const sound: ParsedFields = {};
  const wrong: Finding[] = [];
  for (const key of keys) {
    const at = parsed.fields[key];
    if (at === undefined) continue;
    const found = checkValue(key, at);
    wrong.push(...found);
    if (found.length === 0) sound[key] = at;
  }
  const settings = override(baked, sound);
  const errors = [
    ...parsed.findings,
    ...checkMissing(parsed, sound, settings, text),
    ...wrong,
    ...checkRanges(sound, parsed.named, settings),
    ...checkRoom(sound),
    ...checkProxyMode(sound, baked),
  ];
  const request = requestOf(sound, settings);
  const podCidrAt = sound['pod-cidr'];
  const warnings = [
    ...checkNeed(sound, baked),
    ...checkNodeName(sound, settings),
    ...checkPrivate(sound),
  ];
  if (errors.length > 0 || request === undefined || podCidrAt === undefined)
    return { kind: 'errors', findings: [...errors, ...warnings], fields: sound, text };
  return { kind: 'node', request, fields: sound, podCidrAt, warnings, text };
};

/**
 * Checks user-data, packed or not, against the settings of the image. The same on a laptop and on
 * the node; only the node also knows its network, see `checkNetwork`.
 */
export const checkUserData = (packed: string, baked: Settings): UserDataCheck => {
  const unpacked = unpackUserData(packed);
  if ('foreign' in unpacked) return { kind: 'foreign', form: unpacked.foreign };
  if ('finding' in unpacked)
    return { kind: 'errors', findings: [unpacked.finding], fields: {}, text: '' };
  return checkFields(unpacked.text, baked);
};
